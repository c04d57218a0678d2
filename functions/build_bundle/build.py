"""Building one export: the archive is stored whole under a name of its own, then the request becomes READY."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

from build_bundle.collect import collect
from takedown.actor import system_actor
from takedown.adapters.case_table import CaseTable
from takedown.adapters.custody_table import CustodyTable
from takedown.adapters.evidence_store import EvidenceStore
from takedown.bundle.export import export_case
from takedown.bundle_request import BundleRequest
from takedown.custody import CustodyEntry
from takedown.errors import IntegrityError
from takedown.sealing import Signer, TimeStampAuthority
from takedown.states import BundleState, CustodyAction, ObjectClass


def build(
    tenant: str,
    case_id: str,
    bundle_id: str,
    *,
    try_id: str,
    cases: CaseTable,
    custody: CustodyTable,
    store: EvidenceStore,
    signer: Signer,
    authorities: Sequence[TimeStampAuthority],
    now: str,
) -> BundleRequest:
    """Build the export that was asked for; asked for twice, it is built once.

    Parameters
    ----------
    try_id
        Fresh for each call: a retried build writes beside the first one.

    Raises
    ------
    IntegrityError
        The case does not hold together; the request says so and is FAILED.
    """
    request = cases.get(BundleRequest, tenant, case_id, bundle_id)
    if request.state is BundleState.READY:
        return request
    try:
        dossier = collect(request, cases=cases, custody=custody, store=store, key_fingerprint=signer.ref.fingerprint)
        with tempfile.TemporaryFile() as file:
            result = export_case(file, dossier, signer=signer, authorities=authorities, now=now)
            file.seek(0)
            name = f"{result.name}.zip"
            key = f"{tenant}/{case_id}/bundles/{bundle_id}/{try_id}/{name}"
            stored = store.put(key, file, "application/zip", ObjectClass.EVIDENCE)
    except IntegrityError as error:
        _, write = cases.change(request, state=BundleState.FAILED, failure=str(error))
        cases.commit([write])
        raise
    _, write = cases.change(
        request,
        state=BundleState.READY,
        failure=None,
        name=name,
        key=stored.key,
        version_id=stored.version_id,
        bytes=stored.bytes,
        sha256=stored.sha256,
    )
    entry = CustodyEntry(
        ts=now,
        actor=system_actor("BuildBundle"),
        action=CustodyAction.BUNDLE_BUILT,
        object=f"bundle/{bundle_id}",
        sha256=stored.sha256,
        facts={"name": name, "bytes": str(stored.bytes), "requested_by": request.requested_by.person},
    )
    custody.append(tenant, case_id, entry, once=f"built#{bundle_id}", writes=[write])
    return cases.get(BundleRequest, tenant, case_id, bundle_id)
