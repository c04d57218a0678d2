"""The offline verifier: reads a bundle, reaches out to nothing, trusts nothing that the bundle says about itself."""

from takedown.verify.limits import Limits
from takedown.verify.report import Check, Report, Status, Verdict
from takedown.verify.run import verify_bundle

__all__ = ["Check", "Limits", "Report", "Status", "Verdict", "verify_bundle"]
