package dimse

import (
	"slices"

	"nafas/dicomio/dimse/pdu"
	"nafas/dicomio/part10"
)

// Offers are the abstract syntaxes that a Server takes, with the transfer
// syntaxes of each.
type Offers map[string][]string

// accept answers the presentation contexts of a request. Of the transfer
// syntaxes proposed for one the first that is offered is accepted: a sender
// names first what it would send unchanged.
func (o Offers) accept(proposed []pdu.Context) []pdu.Context {
	answers := make([]pdu.Context, 0, len(proposed))
	for _, p := range proposed {
		answer := pdu.Context{ID: p.ID, Result: pdu.RejectedTransferSyntaxes, TransferSyntaxes: []string{part10.ImplicitLE}}
		known, ok := o[p.AbstractSyntax]
		if !ok {
			answer.Result = pdu.RejectedAbstractSyntax
		}
		for _, ts := range p.TransferSyntaxes {
			if slices.Contains(known, ts) {
				answer.Result, answer.TransferSyntaxes = pdu.Accepted, []string{ts}
				break
			}
		}
		answers = append(answers, answer)
	}
	return answers
}

// roles answers the role selections of a request (PS3.7 annex D.3.3.4): a
// storage commitment provider may report on an association that it opened
// itself; for everything else the requestor is the user.
func roles(proposed []pdu.Role) []pdu.Role {
	var answers []pdu.Role
	for _, r := range proposed {
		answers = append(answers, pdu.Role{
			SOPClassUID: r.SOPClassUID, SCU: r.SCU, SCP: r.SCP && r.SOPClassUID == StorageCommitment,
		})
	}
	return answers
}

// userInformation is what Nafas says of itself.
func userInformation(maxPDU uint32) pdu.UserInformation {
	return pdu.UserInformation{
		MaxLength:             maxPDU,
		ImplementationUID:     part10.ImplementationClassUID,
		ImplementationVersion: part10.ImplementationVersionName,
	}
}

// window answers an asynchronous operations window: one operation at a time
// (PS3.7 annex D.3.3.3.1).
func window(proposed *pdu.Window) *pdu.Window {
	if proposed == nil {
		return nil
	}
	return &pdu.Window{Invoked: 1, Performed: 1}
}
