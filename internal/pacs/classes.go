package pacs

import (
	"nafas/dicomio/dimse"
	"nafas/dicomio/part10"
)

// Offers are the services of the provider: verification, storage commitment,
// and storage of CT in the transfer syntaxes that are decoded here, and of
// what travels with it also in those that are only kept.
func Offers(decoded []string) dimse.Offers {
	o := dimse.StorageOffers(decoded)
	o[dimse.StorageCommitment] = []string{part10.ExplicitLE, part10.ImplicitLE}
	return o
}
