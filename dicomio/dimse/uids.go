package dimse

// SOP classes (PS3.4 annex B.5, and others; PS3.6 annex A).
const (
	Verification         = "1.2.840.10008.1.1"
	StorageCommitment    = "1.2.840.10008.1.20.1"
	StudyRootFind        = "1.2.840.10008.5.1.4.1.2.2.1"
	StudyRootMove        = "1.2.840.10008.5.1.4.1.2.2.2"
	commitmentInstance   = "1.2.840.10008.1.20.1.1"
	actionRequestCommit  = 1
	eventCommitted       = 1
	eventCommitsFailures = 2
)
