package main

import (
	"fmt"
	"text/tabwriter"

	"nafas/inference/detect"
	"nafas/models"
)

type modelCmd struct {
	List       modelListCmd       `cmd:"" help:"List the shipped models."`
	Verify     modelVerifyCmd     `cmd:"" help:"Check a model's hashes and run its self-test on this machine."`
	Prepare    modelPrepareCmd    `cmd:"" help:"Write series as the network sees them, for training."`
	Boxes      modelBoxesCmd      `cmd:"" help:"Print the boxes of a RetinaNet as JSON, to compare them with where it comes from."`
	Patches    modelPatchesCmd    `cmd:"" help:"Write training patches with implanted nodules to standard output."`
	Robustness modelRobustnessCmd `cmd:"" help:"Read series moved, turned, re-sliced, noisier, cut, with metal: how many findings hold."`

	Installed modelInstalledCmd `cmd:"" group:"Models in service:" help:"List the models of a service: which one is live, which one reads in shadow."`
	Install   modelInstallCmd   `cmd:"" group:"Models in service:" help:"Send a model to a service, which tries it and keeps it; nothing is read with it yet."`
	Shadow    modelShadowCmd    `cmd:"" group:"Models in service:" help:"Have a model read new studies beside the live one, without a word in any result."`
	Compare   modelCompareCmd   `cmd:"" group:"Models in service:" help:"Compare what a model said in shadow with what the live one said."`
	Activate  modelActivateCmd  `cmd:"" group:"Models in service:" help:"Make a model the live one, while the service runs."`
	Rollback  modelRollbackCmd  `cmd:"" group:"Models in service:" help:"Return to the model that was live before."`
	Remove    modelRemoveCmd    `cmd:"" group:"Models in service:" help:"Delete a model that nothing needs."`
	History   modelHistoryCmd   `cmd:"" group:"Models in service:" help:"Print what was done to the models of a service, when and by whom."`
}

type modelListCmd struct{}

// Run lists what is embedded; each file is checked while it is opened.
func (modelListCmd) Run(s *streams) error {
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tversion\tlicence\tsha256")
	for _, name := range models.Names() {
		m, err := models.Open(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", m.Name, m.Version, m.License, m.SHA256())
	}
	return t.Flush()
}

type modelVerifyCmd struct{ engineFlags }

// Run proves that the model computes here what it computed where it was made.
func (c *modelVerifyCmd) Run(s *streams, ctx kongContext) error {
	library, err := c.findLibrary(ctx, s, true)
	if err != nil {
		return err
	}
	model, n, err := c.openModel(library)
	if err != nil {
		return err
	}
	defer n.close()
	difference, err := detect.Verify(ctx, model, n.runners())
	if err != nil {
		return fmt.Errorf("model %s: %w", model.Name, err)
	}
	_, err = fmt.Fprintf(s.out, "%s %s holds: its files are those of the manifest, and the self-test differs by %.2g (at most %.2g is allowed)\n",
		model.Name, model.Version, difference, model.SelfTest.Tolerance)
	return err
}
