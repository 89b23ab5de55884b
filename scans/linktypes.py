"""Stage 2, print: the types of links that GS1's vocabulary knows. Knows nobody.

Source: GS1 Web Vocabulary 1.16, terms of the kind link type; a test holds the list against it.
"""

import re

NAMESPACE = "https://ref.gs1.org/voc/"
PREFIX = "gs1:"
# What a product may be linked by. Not among them: the defaults, which are a mark on a link and no type of their own,
# `handledBy`, which hands a whole company over, and what the vocabulary has given up.
_NAMES = """
    activityIdeas allergenInfo appDownload backgroundInfo brandHomepageClinical brandHomepagePatient careersInfo
    certificationInfo consumerHandlingStorageInfo dpp eifu epcis epil eventsInfo faqs hasRetailers homepage
    ingredientsInfo instructions jws leaveReview locationInfo logisticsInfo loyaltyProgram masterData menuInfo
    nutritionalInfo openingHoursInfo paymentLink pip promotion purchaseSuppliesOrAccessories quickStartGuide
    recallStatus recipeInfo registerProduct registryEntry relatedImage relatedVideo reportFound review safetyInfo
    scheduleTime serviceInfo smartLabel smpc socialMedia statisticInfo subscribe support sustainabilityInfo
    traceability tutorial userAgreement verificationService whatsInTheBox
"""
LINK_TYPES = frozenset(_NAMES.split())
DEFAULT, DEFAULTS = "defaultLink", "defaultLinkMulti"
LINKSET = frozenset({"linkset", "all"})
# The vocabulary has moved twice; all three addresses name the same terms.
_NAMED = re.compile(r"(?:gs1:|https?://(?:ref\.|www\.)?gs1\.org/voc/)([A-Za-z]{2,40})")


class LinkTypeError(LookupError):
    """There is no link of this type."""


def read_link_type(text: str) -> str:
    """Return the bare name of a link type that is told in short (`gs1:pip`) or in full (`https://ref.gs1.org/voc/pip`).

    Raises: LinkTypeError if it is of another vocabulary or none of GS1's.
    """
    found = _NAMED.fullmatch(text)
    if not found or found[1] not in LINK_TYPES | {DEFAULT, DEFAULTS}:
        raise LinkTypeError("GS1's vocabulary has no link type of this name")
    return found[1]


def iri(link_type: str) -> str:
    """Return the full name of a link type."""
    return NAMESPACE + link_type
