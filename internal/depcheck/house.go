package depcheck

import "slices"

// below is what the application may know of the layers under it.
var below = []string{
	"dicomio", "dicomio/match", "dicomio/refusal", "dicomio/part10", "dicomio/source",
	"inference", "inference/volume", "inference/finding", "inference/lung", "inference/measure",
	"inference/prior", "inference/guideline", "inference/suggest", "inference/detect/...", "models/manifest",
}

// House is the import rule of docs/architecture.md, one line per room.
var House = Rules{
	Rooms: []Room{
		{"proto/...", nil, "the generated interface knows nothing of what is behind it"},

		{"inference/volume", nil, "a leaf: geometry needs nobody"},
		{"inference/volume/metaimage", []string{"inference/volume"}, "a file becomes a volume"},
		{"inference/finding", []string{"inference/volume"}, "a leaf over the grid's vectors"},
		{"models/manifest", nil, "a leaf: a model is described without knowing who runs it"},
		{"models", []string{"models/manifest"}, "shipped models are files and their manifests"},
		{"models/modelstest", nil, "small detectors for tests"},
		{"inference/lung", []string{"inference/volume", "inference/finding"}, "the lung field is found in a volume alone"},
		{"inference/phantom/...", []string{"inference/volume", "inference/finding"}, "a phantom is a volume with its truth"},
		{"inference/alter", []string{"inference/volume", "inference/phantom/..."}, "a volume becomes another one, whoever reads it"},
		{"inference/alter/pair", []string{"inference/volume", "inference/finding"}, "findings are compared, whoever made them"},
		{"inference/froc", []string{"inference/volume", "inference/finding"}, "an evaluation sees marks and truth, never the pipeline that made them"},
		{"inference/froc/chart", []string{"inference/froc"}, "a curve becomes a picture"},
		{"inference/guideline", nil, "a leaf: guidelines are tables over sizes and states"},
		{"inference/measure", []string{"inference/volume", "inference/finding", "inference/lung"}, "a finding is measured in the volume"},
		{"inference/prior", []string{"inference/volume", "inference/lung", "inference/measure"}, "two readings are compared, whoever made them"},
		{"inference/suggest", []string{"inference/finding", "inference/measure", "inference/prior", "inference/guideline"}, "what was measured is put to the guidelines, whoever measured it"},
		{"inference/detect/...", []string{"inference/volume", "inference/finding", "inference/lung", "models/manifest"}, "a detector is what a manifest describes; it declares the port that runs it"},
		{"inference/onnx", nil, "the engine satisfies detect's port without importing the domain"},
		{"inference", []string{
			"inference/volume", "inference/finding", "inference/lung", "inference/detect/...", "inference/measure",
			"models/manifest",
		}, "the pipeline goes from a volume to findings and knows no DICOM, no service and no engine"},

		{"dicomio/refusal", nil, "a leaf: the reasons are words"},
		{"dicomio/part10", []string{"dicomio/refusal"}, "the guard trusts nobody"},
		{"dicomio/match", nil, "a leaf: what a query means, whoever answers it"},
		{"dicomio/pixel/...", []string{"dicomio/refusal", "dicomio/part10"}, "a codec turns bytes into values"},
		{"dicomio/source", []string{"dicomio/refusal", "dicomio/part10"}, "a source hands out bytes"},
		{"dicomio/dimse/...", []string{"dicomio/match", "dicomio/refusal", "dicomio/part10"}, "a network peer hands out bytes"},
		{"dicomio/dicomweb/...", []string{"dicomio/match", "dicomio/refusal", "dicomio/part10"}, "a network peer hands out bytes"},
		{"dicomio", []string{"dicomio/match", "dicomio/refusal", "dicomio/part10", "dicomio/pixel/...", "dicomio/source", "inference/volume"}, "instances become a volume; what is seen in it is none of its business"},
		{"dicomio/ctwriter", []string{"dicomio/refusal", "dicomio/part10", "inference/volume"}, "a volume becomes files"},
		{"dicomio/derive", []string{"dicomio", "dicomio/refusal", "dicomio/part10", "dicomio/pixel/...", "inference/volume"}, "a series that was read becomes files with other voxels"},
		{"dicomio/render/...", nil, "pixels become pictures, whatever they show"},
		{"dicomio/report", []string{"dicomio/refusal", "dicomio/part10", "dicomio/render/...", "inference/volume", "inference/finding", "inference/measure", "inference/prior"}, "findings become objects"},

		{"internal/triage/priority", []string{"inference/measure", "inference/prior"}, "rules are tables over facts; they know no study"},
		{"internal/triage/review", nil, "a leaf: what readers do, whatever they read"},
		{"internal/triage/quality", []string{"inference/froc", "inference/volume", "internal/triage/review"}, "what readers made of marks is counted and tabled, whoever keeps it"},
		{"internal/triage/...", slices.Concat(below, []string{"internal/triage/priority", "internal/triage/quality", "internal/triage/review", "internal/i18n"}), "the application declares ports; it knows no adapter"},
		{"internal/triage/objects", slices.Concat(below, []string{"internal/triage/...", "internal/triage/review", "internal/triage/wording", "internal/i18n", "dicomio/report", "dicomio/render/..."}), "results become objects for other systems, whoever asks for them"},
		{"internal/triage/wording", []string{"inference/guideline", "inference/suggest", "internal/i18n", "internal/triage/..."}, "suggestions become sentences, whoever shows them"},

		{"internal/access", nil, "a leaf: who may do what"},
		{"internal/access/account", []string{"internal/access"}, "a leaf over the roles: people, their passwords and sessions"},
		{"internal/audit", []string{"internal/access"}, "a leaf over the names of who asks: what they did, whatever it was done with"},
		{"internal/access/session", []string{"internal/access", "internal/access/account", "internal/audit", "internal/web/api"}, "between access and the page: lets people in, whatever they ask for then"},
		{"internal/access/provider", []string{"internal/access", "internal/access/account", "internal/access/session"}, "behind session's port: one protocol by which others vouch for people"},
		{"internal/i18n", nil, "a leaf: the words of the three languages"},
		{"internal/ortlib", nil, "a leaf: finds one library"},
		{"internal/ortlib/ortlibtest", []string{"internal/ortlib"}, "the library for tests"},
		{"internal/depcheck", nil, "looks at the project from outside"},
		{"internal/client", []string{"internal/access", "proto/..."}, "a sender sees of the service what any sender sees: its interface"},
		{"internal/config", []string{"internal/access", "internal/triage/priority"}, "settings are read before anything is built"},

		{"internal/store/...", adapter("internal/access/account", "internal/audit", "internal/registry", "internal/rescore", "internal/triage/quality", "internal/triage/review"), "an adapter: knows the application, never another adapter"},
		{"internal/jobs/...", adapter("internal/registry", "internal/rescore", "models"), "an adapter: knows the application, never another adapter"},
		{"internal/worker/...", adapter(), "an adapter: knows the application, never another adapter"},
		{"internal/rpc/...", adapter("proto/...", "internal/audit", "internal/registry", "internal/rescore", "internal/rescore/compare", "internal/rescore/report", "internal/rescore/tables", "internal/triage/priority", "internal/triage/quality", "internal/triage/review", "internal/triage/wording"), "an adapter: knows the application, never another adapter"},
		{"internal/pacs/...", adapter("dicomio/dimse/...", "dicomio/dicomweb/...", "dicomio/render/..."), "an adapter: knows the application, never another adapter"},
		{"internal/deliver/...", adapter("dicomio/dimse/...", "dicomio/dicomweb/...", "dicomio/report"), "an adapter: knows the application, never another adapter"},
		{"internal/metrics", adapter(), "an adapter: knows the application, never another adapter"},
		{"internal/web/api", nil, "a leaf: what the page is told"},
		{"internal/web/...", adapter("internal/web/api", "internal/audit", "internal/rescore", "internal/triage/quality", "internal/triage/review", "internal/triage/wording", "dicomio/render/..."), "an adapter: knows the application, never another adapter"},
		{"internal/registry", slices.Concat(below, []string{"internal/rescore", "internal/rescore/compare", "internal/triage/..."}), "the models of a service, whoever keeps and runs them; it declares ports and knows no adapter"},
		{"internal/rescore", slices.Concat(below, []string{"internal/triage/..."}), "the second application: passes a model over past studies; it declares ports and knows no adapter"},
		{"internal/rescore/archivetest", []string{"dicomio/ctwriter", "dicomio/refusal", "inference/volume", "internal/rescore"}, "archives for tests"},
		{"internal/rescore/compare", slices.Concat(below, []string{"inference/froc", "internal/rescore", "internal/triage/...", "internal/triage/quality"}), "two passes are compared, whoever keeps them"},
		{"internal/rescore/tables", slices.Concat(below, []string{"inference/froc", "internal/rescore", "internal/rescore/compare", "internal/triage/..."}), "inputs and their ends become tables, whoever keeps them"},
		{"internal/rescore/report", []string{"dicomio/refusal", "inference/froc", "internal/i18n", "internal/rescore", "internal/rescore/compare", "internal/triage/..."}, "a comparison becomes a page for people"},
		{"internal/rescore/relay", adapter("dicomio/dicomweb/...", "internal/rescore"), "an adapter: knows the application, never another adapter"},
		{"internal/rescore/sources", adapter("dicomio/dimse/...", "dicomio/dicomweb/...", "internal/rescore"), "an adapter: knows the application, never another adapter"},
		{"internal/interop/...", adapter("dicomio/report", "internal/triage/wording"), "an adapter: knows the application, never another adapter"},

		{"cmd/...", []string{"..."}, "wires everything; nobody can import it"},
	},
	Guards: []Guard{
		{"github.com/yalue/onnxruntime_go", []string{"inference/onnx"}, "its global state is wrapped once, in inference/onnx"},
		{"github.com/suyashkumar/dicom", []string{"dicomio", "dicomio/part10", "dicomio/ctwriter", "dicomio/derive", "dicomio/report"}, "its parser panics and allocates on hostile files: only behind the guard of dicomio/part10, and its elements only in dicomio"},
		{"github.com/suyashkumar/dicom/pkg/tag", []string{"dicomio/..."}, "whoever wants an attribute asks dicomio for it by its meaning"},
		{"google.golang.org/grpc", []string{"proto/...", "internal/rpc/...", "internal/client", "cmd/..."}, "gRPC stays at the edge"},
		{"github.com/riverqueue/river", []string{"internal/store/...", "internal/jobs/...", "cmd/..."}, "the job queue stays behind the store and its workers"},
		{"modernc.org/sqlite", []string{"internal/store/..."}, "one room owns the database"},
		{"github.com/jackc/pgx/v5", []string{"internal/store/..."}, "one room owns the database"},
		{"github.com/parquet-go/parquet-go", []string{"internal/rescore/tables"}, "one room writes tables for other programs"},
		{"github.com/alecthomas/kong", []string{"cmd/..."}, "only the command line parses flags"},
		{"github.com/prometheus/client_golang", []string{"internal/metrics"}, "numbers are shown in one place; who counts them knows no exposition format"},
		{"gonum.org/v1/plot", []string{"inference/froc/chart"}, "pictures are drawn in one place; what they show is computed without them"},
		{"golang.org/x/image", []string{"dicomio/render/..."}, "text in pictures is drawn in one place"},
		{"golang.org/x/crypto", []string{"internal/access/account"}, "passwords are hashed in one place"},
		{"github.com/coreos/go-oidc/v3", []string{"internal/access/provider"}, "one room speaks with providers"},
		{"golang.org/x/oauth2", []string{"internal/access/provider"}, "one room speaks with providers"},
		{"github.com/stretchr/testify", nil, "a test library has no place in the program"},
		{"testing", nil, "a test library has no place in the program"},
		{"C", []string{"dicomio/pixel/openjpeg"}, "native code is kept where its crash costs one job and its memory is watched"},
	},
	Seals: []Seal{
		{"inference", []string{"github.com/suyashkumar/dicom", "google.golang.org/grpc", "github.com/riverqueue/river", "modernc.org/sqlite", "net/http"}, "inference can be used and tested without a hospital around it"},
		{"dicomio", []string{"google.golang.org/grpc", "github.com/riverqueue/river", "modernc.org/sqlite", "github.com/yalue/onnxruntime_go"}, "DICOM is read without a service or a model"},
	},
}

// TopLevel are the only names beside dot-files at the root of the module.
var TopLevel = []string{
	"cmd", "dicomio", "docs", "inference", "internal", "models", "proto", "testdata",
	"Dockerfile", "LICENSE", "NOTICE", "README.md", "buf.gen.yaml", "buf.yaml", "go.mod", "go.sum",
}

// adapter is what an adapter may know: the application, what lies below it,
// and the three leaves that every adapter shares.
func adapter(own ...string) []string {
	return slices.Concat(below, []string{"internal/triage/...", "internal/triage/objects", "internal/access", "internal/config", "internal/i18n"}, own)
}
