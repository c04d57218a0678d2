#!/usr/bin/env bash
# Does what VERIFY.md says, with tools that others made. Usage, in the top folder of the unpacked bundle:
#
#   bash data/verify/verify.sh [ROOTS.pem [FINGERPRINT]]
#
# ROOTS.pem    root certificates of the time-stamp authorities, fetched from the authorities themselves
# FINGERPRINT  SHA-256 of the signing key (DER), learned from a place outside of this bundle
#
# Exit code: 0 everything holds; 1 something does not; 2 it holds, but one of the two was not given or a tool is missing.
set -u
export LC_ALL=C
shopt -s nullglob
roots=${1:+$(realpath "$1")}
fingerprint=${2:-}
cd "$(dirname "$0")/../.." || exit 1
failed=0
open=0

check() { # NAME COMMAND…: run it in silence, say how it went
  local name=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    failed=$((failed + 1))
  fi
}
skip() {
  echo "open    $1"
  open=$((open + 1))
}
digest() { sha256sum <"$1" | cut -c-64; }
bound() { grep -qF -- "$(digest "$1")" "$2"; }
key_of() { openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -c-64; }
signed() { openssl dgst -sha256 -verify "$1" -signature "$2" "$3"; }
stamped() { # DATA TOKEN
  openssl ts -verify -data "$1" -in "$2" -CAfile "$roots" &&
    openssl ts -verify -queryfile "${2%.tsr}.tsq" -in "$2" -CAfile "$roots"
}
no_more_than() { # EXTRA-PATTERN MANIFEST FILE…: nothing outside of the manifest, the pattern apart
  local pattern=$1 manifest=$2
  shift 2
  ! comm -13 <(cut -c67- "$manifest" | sort) <(printf '%s\n' "$@" | sort) | grep -qvE "$pattern"
}

for algorithm in 256 512; do
  check "tagmanifest-sha$algorithm" "sha${algorithm}sum" -c --strict "tagmanifest-sha$algorithm.txt"
  check "manifest-sha$algorithm" "sha${algorithm}sum" -c --strict "manifest-sha$algorithm.txt"
done
mapfile -t payload < <(find data ! -type d)
mapfile -t root < <(find . -path ./data -prune -o ! -type d -print | cut -c3-)
check 'no file added below data/' no_more_than '^$' manifest-sha256.txt "${payload[@]}"
check 'no file added beside data/' no_more_than \
  '^(tagmanifest-sha(256|512)\.txt|signatures/(tokens\.json(\.sig)?|tagmanifest-sha256\.txt\.(sig|[a-z0-9-]+\.ts[qr])))$' \
  tagmanifest-sha256.txt "${root[@]}"
if command -v bagit.py >/dev/null; then check 'valid bag' bagit.py --validate .; else skip 'valid bag: bagit.py is not installed'; fi

own=$(key_of signatures/signing-key.pem)
check 'signature over the manifest' \
  signed signatures/signing-key.pem signatures/tagmanifest-sha256.txt.sig tagmanifest-sha256.txt
check 'signature over the time stamps' \
  signed signatures/signing-key.pem signatures/tokens.json.sig signatures/tokens.json
check 'time stamps are of this bundle' bound tagmanifest-sha256.txt signatures/tokens.json
for token in signatures/*.ts[qr]; do check "bound: $token" bound "$token" signatures/tokens.json; done
if [ -n "$fingerprint" ]; then
  check 'the key is the one you were told' [ "$own" = "$(tr -d ': ' <<<"${fingerprint,,}")" ]
else
  skip "the key: compare $own with the fingerprint that you were told"
fi
tokens=(signatures/*.tsr data/captures/*/*.tsr)
if [ -z "$roots" ]; then
  skip 'time stamps: give the root certificates of the authorities'
elif [ ${#tokens[@]} -eq 0 ]; then
  skip 'time stamps: there is none'
else
  for token in signatures/*.tsr; do check "$token" stamped tagmanifest-sha256.txt "$token"; done
fi

python3 -c 'import rfc8785' 2>/dev/null || skip 'canonical form: the Python package rfc8785 is not installed'
for capture in data/captures/*/; do
  pushd "$capture" >/dev/null || exit 1
  for document in capture.json seal.json; do
    python3 -c 'import rfc8785' 2>/dev/null && check "$capture$document is canonical" python3 -c "
import json, rfc8785
data = open('$document', 'rb').read()
assert rfc8785.dumps(json.loads(data)) == data"
  done
  check "${capture}seal.json is signed" signed signing-key.pem seal.json.sig seal.json
  key=$(key_of signing-key.pem)
  check "${capture}signing-key.pem is the one that the seal names" grep -qF "\"fingerprint\":\"$key\"" seal.json
  [ "$key" = "$own" ] || skip "${capture}sealed with another key: compare $key with what you were told"
  for file in capture.json stored.json *.tsr; do check "$capture$file is bound by the seal" bound "$file" seal.json; done
  [ -n "$roots" ] && for token in *.tsr; do check "$capture$token" stamped capture.json "$token"; done
  check "${capture}files as recorded" python3 -c "
import hashlib, json, pathlib
folder = pathlib.Path('.').resolve()
declared = {(w['path'], w['sha256']) for w in json.loads((folder / '../../withheld.json').read_bytes())['withheld']}
for a in json.loads((folder / 'capture.json').read_bytes())['artifacts']:
    if (f'data/captures/{folder.name}/' + a['path'], a['sha256']) in declared:
        continue
    data = (folder / a['path']).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()) == (a['bytes'], a['sha256'], a['sha512'])"
  popd >/dev/null || exit 1
  check "${capture}on the custody record" grep -qE "\"action\":\"CAPTURE_SEALED\".*\"sha256\":\"$(digest "${capture}seal.json")\"" data/custody/custody.jsonl
done

check 'custody chain' python3 -c "
import hashlib, json
prev, count = '0' * 64, 0
for line in open('data/custody/custody.jsonl', 'rb'):
    event = json.loads(line)
    assert (event['seq'], event['prev']) == (count, prev)
    prev, count = hashlib.sha256(line.rstrip(b'\n')).hexdigest(), count + 1
head = json.load(open('data/custody/head.json'))
assert (head['events'], head['sha256']) == (count, prev)"
for mail in data/notices/*/sent.eml; do
  check "$mail on the custody record" grep -qE "\"action\":\"NOTICE_SENT\".*\"sha256\":\"$(digest "$mail")\"" data/custody/custody.jsonl
done

if [ $failed -gt 0 ]; then
  echo "$failed checks failed: this bundle is not as it was exported"
  exit 1
elif [ $open -gt 0 ]; then
  echo "everything that could be checked holds; $open points are open"
  exit 2
fi
echo 'everything holds'
