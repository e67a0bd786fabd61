package rescore

import (
	"crypto/sha256"
	"encoding/hex"

	"nafas/internal/triage"
)

// Job is the job that has one study of a rescoring read.
type Job struct {
	Rescoring int64  `json:"rescoring"`
	StudyUID  string `json:"study_uid"`
}

// Kind names the job in the queue.
func (Job) Kind() string { return "rescore" }

// Priority4 is of all jobs of rescorings; live ones come first.
const Priority4 = 4

// Queue is where the jobs of a recipe wait: a worker takes jobs of recipes
// alone that it can read with, so that workers of two versions never mix models
// in one rescoring.
func Queue(r triage.Recipe) string {
	sum := sha256.Sum256([]byte(r.ModelSHA256 + " " + r.ConfigSHA256))
	return "rescore_" + hex.EncodeToString(sum[:12])
}
