"""Writes data sets as pydicom sees them in the DICOM JSON model.

    model.py odd DIR      writes files with every VR, in three transfer syntaxes
    model.py files        prints the paths of the files that pydicom comes with
    model.py json FILE... prints a JSON array with one data set per file
"""

import glob
import json
import os
import sys
import warnings

import pydicom
import pydicom.data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

warnings.simplefilter("ignore")


def odd():
    """A data set with every VR, empty values and nested character sets."""
    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 144"
    d.SOPClassUID, d.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66", "1.2.3"
    d.StudyInstanceUID, d.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    d.PatientName = "Люкceмбypг"
    d.OtherPatientNames = ["A^B", "C^D=E"]
    d.PatientAge, d.PatientSize, d.PatientWeight = "042Y", "1.50", ""
    d.RetrieveAETitle = ["ONE", "TWO"]
    d.ImageType = ["ORIGINAL", "", "AXIAL"]
    d.StudyDate, d.StudyTime, d.AcquisitionDateTime = "20200102", "101112.5", "20200102101112.000001+0100"
    d.PixelSpacing = ["+0.50", "1e-1"]
    d.InstanceNumber, d.SeriesNumber = "-7", "+12"
    d.PatientComments = "two\\one value"
    d.FrameIncrementPointer = [0x00181063, 0x00181065]
    d.RecommendedDisplayFrameRateInFloat = 0.1
    d.EventElapsedTimes, d.TableOfXBreakPoints = ["1.5", "2"], [1, 4294967295]
    d.add_new(0x00189073, "FD", 1e-9)
    d.add_new(0x00404072, "ST", "text")
    d.add_new(0x00186020, "SL", [-2147483648, 5])
    d.add_new(0x00280106, "US", 65535)
    d.add_new(0x00281052, "DS", "-1024")
    d.add_new(0x00081190, "UR", "http://example.org/a")
    d.add_new(0x00080119, "UC", ["long one", "long two"])
    d.add_new(0x0040A160, "UT", "more text")
    d.add_new(0x00660016, "OF", b"\x00\x00\x80\x3f" * 3)
    block = d.private_block(0x0011, "NAFAS TEST", create=True)
    block.add_new(0x01, "OB", bytes(range(10)))
    block.add_new(0x02, "UN", b"unknown ")
    block.add_new(0x03, "OW", bytes(range(256)) * 6)
    block.add_new(0x04, "OD", bytes(16))
    block.add_new(0x05, "OL", bytes(range(8)))
    block.add_new(0x06, "SS", [-1, 1])
    block.add_new(0x07, "UL", 7)
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 126"
    item.PatientName = "Διονυσιος"
    inner = Dataset()
    inner.CodeMeaning = "κώδικας"
    item.ConceptNameCodeSequence = Sequence([inner])
    d.ReferencedPatientSequence = Sequence([item, Dataset()])
    d.RequestAttributesSequence = Sequence([])
    return d


def write(folder):
    for syntax, name in ((ExplicitVRLittleEndian, "explicit"), (ImplicitVRLittleEndian, "implicit"), (ExplicitVRBigEndian, "big")):
        d = odd()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = syntax
        d.is_implicit_VR, d.is_little_endian = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        d.save_as(os.path.join(folder, name + ".dcm"), write_like_original=False)


def main():
    if sys.argv[1] == "odd":
        write(sys.argv[2])
    elif sys.argv[1] == "files":
        root = os.path.dirname(pydicom.data.__file__)
        for path in sorted(glob.glob(root + "/charset_files/*.dcm") + glob.glob(root + "/test_files/*.dcm")):
            print(path)
    else:
        out = []
        for path in sys.argv[2:]:
            try:
                out.append(pydicom.dcmread(path, force=True).to_json_dict())
            except Exception:  # pydicom itself cannot say
                out.append(None)
        json.dump(out, sys.stdout)


main()
