package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/report"
)

// program finds a validator.
func program(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI must have "+debian)
		}
		t.Skipf("no %s (Debian: %s)", name, debian)
	}
	return path
}

// written stores all objects, and the images that they refer to.
func written(t *testing.T) (dir string, names []string) {
	t.Helper()
	dir = t.TempDir()
	for name, data := range objects(t) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".dcm"), data, 0o600))
		names = append(names, name)
	}
	return dir, names
}

func TestDciodvfy(t *testing.T) {
	dciodvfy := program(t, "dciodvfy", "dicom3tools")
	dir, names := written(t)
	for _, name := range names {
		out, _ := exec.Command(dciodvfy, "-new", filepath.Join(dir, name+".dcm")).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			// IHE AIR wants the device's UID there; this edition of the tool
			// does not know it.
			if strings.HasPrefix(line, "Warning") && strings.Contains(line, "DeviceUID") {
				continue
			}
			// No standard has codes for what readers say of a program's findings.
			if strings.Contains(line, "Unrecognized defined term = <99NAFAS>") || strings.Contains(line, "/CodingSchemeUID(0008,010c)[1]> - Unrecognized defined term = <2.25.") {
				continue
			}
			require.False(t, strings.HasPrefix(line, "Error") || strings.HasPrefix(line, "Warning"), "%s: %s", name, out)
		}
	}
}

// dcentvfy compares what objects of one study say of patient and study.
func TestDcentvfy(t *testing.T) {
	dcentvfy := program(t, "dcentvfy", "dicom3tools")
	dir, names := written(t)
	var files []string
	for _, name := range names {
		files = append(files, filepath.Join(dir, name+".dcm"))
	}
	for i, data := range images(t) {
		path := filepath.Join(dir, "image"+string(rune('0'+i))+".dcm")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		files = append(files, path)
	}
	out, _ := exec.Command(dcentvfy, files...).CombinedOutput()
	require.NotContains(t, string(out), "Error", string(out))
}

// document says whether an object has a content tree.
func document(name string) bool {
	kind, _, _ := strings.Cut(name, "-")
	return kind != "seg" && kind != "sc"
}

func TestDsrdump(t *testing.T) {
	dsrdump := program(t, "dsrdump", "dcmtk")
	dir, names := written(t)
	for _, name := range names {
		if !document(name) {
			continue
		}
		out, err := exec.Command(dsrdump, "+Pc", filepath.Join(dir, name+".dcm")).CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
		require.False(t, strings.HasPrefix(string(out), "E:") || strings.Contains(string(out), "\nE:"), "%s: %s", name, out)
	}
}

func TestDcmdump(t *testing.T) {
	dcmdump := program(t, "dcmdump", "dcmtk")
	dir, names := written(t)
	for _, name := range names {
		out, err := exec.Command(dcmdump, filepath.Join(dir, name+".dcm")).CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
		require.NotRegexp(t, "(?m)^[EW]:", string(out), name)
	}
}

// pixelMedJars are what DicomSRValidator needs.
var pixelMedJars = []string{"pixelmed", "pixelmed_imageio", "pixelmed_codec", "commons-codec", "commons-compress",
	"slf4j-api", "slf4j-simple", "jmdns", "hsqldb", "vecmath"}

// pixelMed runs one of its programs on a file.
func pixelMed(t *testing.T, class, path string) string {
	t.Helper()
	java := program(t, "java", "default-jre-headless")
	var classes []string
	for _, jar := range pixelMedJars {
		path := "/usr/share/java/" + jar + ".jar"
		if _, err := os.Stat(path); err == nil {
			classes = append(classes, path)
		}
	}
	if len(classes) == 0 || !strings.Contains(classes[0], "pixelmed") {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have libpixelmed-java")
		t.Skip("no PixelMed (Debian: libpixelmed-java)")
	}
	out, err := exec.Command(java, "-Djdk.xml.xpathTotalOpLimit=0", "-Djdk.xml.xpathExprGrpLimit=0", "-Djdk.xml.xpathExprOpLimit=0",
		"-cp", strings.Join(classes, ":"), "com.pixelmed.validate."+class, path).CombinedOutput()
	require.NoError(t, err, "%s: %s", path, out)
	return string(out)
}

// sameRows have the rows of other reports.
var sameRows = map[string]bool{
	"sr-signed-en": true, "sr-reviewed-failed-en": true, "sr-reviewed-en": true, "sr-outdated-en": true, "sr-reopened-en": true, "sr-unanswered-signed-en": true, "sr-added-en": true,
}

func TestPixelMed(t *testing.T) {
	dir, names := written(t)
	for _, name := range names {
		if !strings.HasSuffix(name, "-en") || !document(name) || sameRows[name] {
			continue // 15 s each, and the language changes no row
		}
		out := pixelMed(t, "DicomSRValidator", filepath.Join(dir, name+".dcm"))
		require.Contains(t, out, "Root Template Validation Complete", name)
		require.Zero(t, strings.Count(out, "Error:"), "%s: %s", name, out)
		t.Logf("%s\n%s", name, out)
	}
}

// PixelMed's look at images knows no UTF-8 and no true color capture, and asks
// for a laterality whatever the body part (PS3.3 C.7.3.1: of a paired one).
func TestPixelMedOnASegmentation(t *testing.T) {
	r, g := resultOn(t, plain(t), report.English, usual()...)
	data, err := r.SEG(g, spheres(t, r, g))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "seg.dcm")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out := pixelMed(t, "DicomInstanceValidator", path)
	require.Contains(t, out, "Found Segmentation IOD")
	require.Equal(t, 1, strings.Count(out, "Error:"), out)
	require.Contains(t, out, "Error: GeneralSeriesModule/Laterality/: : Missing conditional attribute")
}
