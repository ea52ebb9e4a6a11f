"""DICOM: who was examined, by whom, and where.

The elements are those to which the Basic Application Level Confidentiality Profile of DICOM PS3.15, Annex E, Table
E.1-1, gives an action (remove, empty, replace) and which name a person, a place or a stay. Not looked for, although the
profile names them: UIDs, dates and times of the study, and descriptions, as a crate is worth little without them; what
stands in descriptions is looked through as text. This does not de-identify anything, and pixels are not looked at.
"""

from __future__ import annotations

import logging
import warnings
from typing import IO, Any, Final

from provcap.redact.look import Look

KEYWORDS: Final = frozenset(
    """
    AccessionNumber AdmissionID AdmittingDiagnosesDescription AttributeModificationDateTime BranchOfService
    ConsultingPhysicianName ContentCreatorName CountryOfResidence CurrentPatientLocation CustodialOrganizationSequence
    DeviceSerialNumber DetectorID DistributionName EthnicGroup FillerOrderNumberImagingServiceRequest
    GantryID HumanPerformerName HumanPerformerOrganization InstitutionAddress InstitutionalDepartmentName
    InstitutionName InsurancePlanIdentification IntendedRecipientsOfResultsIdentificationSequence
    InterpretationAuthor InterpretationRecorder InterpretationTranscriber IssuerOfAdmissionID IssuerOfPatientID
    MedicalRecordLocator MilitaryRank NameOfPhysiciansReadingStudy NamesOfIntendedRecipientsOfResults Occupation
    OperatorIdentificationSequence OperatorsName OrderCallbackPhoneNumber OrderEnteredBy OrderEntererLocation
    OtherPatientIDs OtherPatientNames PatientAddress PatientBirthDate PatientBirthName
    PatientBirthTime PatientID PatientInstitutionResidence PatientInsurancePlanCodeSequence PatientMotherBirthName
    PatientName PatientReligiousPreference PatientTelephoneNumbers PerformedLocation PerformedStationName
    PerformingPhysicianName PersonAddress PersonName PersonTelephoneNumbers PhysicianApprovingInterpretation
    PhysiciansOfRecord PhysiciansReadingStudyIdentificationSequence PlacerOrderNumberImagingServiceRequest PlateID
    ReferringPhysicianAddress ReferringPhysicianName ReferringPhysicianTelephoneNumbers RegionOfResidence
    RequestingPhysician RequestingService ResponsibleOrganization ResponsiblePerson ReviewerName
    ScheduledHumanPerformersSequence ScheduledPatientInstitutionResidence ScheduledPerformingPhysicianName
    ScheduledStationName StationName StudyIDIssuer TimezoneOffsetFromUTC VerifyingObserverName VerifyingOrganization
    """.split()
)
_NOBODY: Final = frozenset(
    "anonymous anonymized anonymised anon anonym pseudonymized pseudonymised deidentified de-identified removed none "
    "unknown n/a na not_available xxx 0 000000 00000000 19000101".split()
)
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"  #: PS3.5, A.5
MAX_ELEMENTS: Final = 100_000
LARGEST_VALUE: Final = 64 << 10  #: bytes; a larger one is left in the file


def look(head: bytes, stream: IO[bytes], look: Look, file: str, place: str) -> bool:
    """Look through the elements of a DICOM file; False when it is none, whatever it is called."""
    magic = head[128:132] == b"DICM"
    if not magic and not place.lower().endswith((".dcm", ".dicom")):
        return False
    if _DEFLATED in head:
        look.unseen(file, place, "a deflated DICOM file, which could unpack to any size")
        return True
    import pydicom

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # what it would warn of is told as not-scanned
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(stream, stop_before_pixels=True, force=not magic, defer_size=LARGEST_VALUE)
            _elements(data, look, file, place)
    except Exception as error:  # foreign code on foreign data, and its exceptions are not documented
        look.unseen(file, place, f"this DICOM file cannot be read: {type(error).__name__}")
    return True


def _elements(data: Any, look: Look, file: str, place: str) -> None:
    private = 0
    for number, element in enumerate(data.iterall()):
        if number >= MAX_ELEMENTS or look.late:
            look.unseen(file, place, f"only the first {number} of its elements were looked at")
            return
        if element.tag.is_private:
            private += 1
        if element.VR == "SQ" or element.VR in ("OB", "OW", "OF", "OD", "UN"):
            continue
        value = str(element.value if element.value is not None else "").strip()
        where = f"{place}!{element.keyword or element.tag}"
        if not value or value.lower().replace("^", "").strip() in _NOBODY:
            continue
        if element.keyword in ("PatientBirthDate", "PatientBirthTime"):
            look.note(file, where, "birth-date", value)
        elif element.keyword in KEYWORDS or element.VR == "PN":
            look.note(file, where, "patient-data", value)
        elif element.keyword == "BurnedInAnnotation" and value == "YES":
            look.note(file, where, "patient-data", "written into the pixels")
        else:
            look.text(value, file, where)
    if private:
        look.unseen(file, f"{place}!private elements", f"{private} elements that only the maker of the device can read")
