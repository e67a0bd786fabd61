"""Reads a structured report with pydicom and prints what it finds as JSON.

    python3 read.py FILE
"""
import json
import sys

import pydicom


def value(item):
    if item.ValueType == "NUM":
        m = item.MeasuredValueSequence[0]
        return [float(m.NumericValue), m.MeasurementUnitsCodeSequence[0].CodeValue]
    if item.ValueType == "CODE":
        return item.ConceptCodeSequence[0].CodeValue
    if item.ValueType == "SCOORD3D":
        g = item.GraphicData
        return [sum(g[k::3]) / (len(g) // 3) for k in range(3)]
    return str(item.get("TextValue", item.get("UID", "")))


report = pydicom.dcmread(sys.argv[1])
findings = []
for container in report.ContentSequence:
    if container.ValueType != "CONTAINER" or container.ConceptNameCodeSequence[0].CodeValue != "126010":
        continue
    for group in container.ContentSequence:
        found = {}
        for item in group.ContentSequence:
            found[item.ConceptNameCodeSequence[0].CodeValue] = value(item)
            for modifier in item.get("ContentSequence", []):
                code = modifier.ConceptNameCodeSequence[0].CodeValue
                found[code if item.ValueType == "CODE" else item.ConceptNameCodeSequence[0].CodeValue + " " + code] = value(modifier)
        findings.append(found)
print(json.dumps({"patient": str(report.PatientName), "study": report.StudyInstanceUID,
                  "title": report.ConceptNameCodeSequence[0].CodeMeaning, "findings": findings}))
