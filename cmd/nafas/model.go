package main

type modelCmd struct {
	Prepare modelPrepareCmd `cmd:"" help:"Write series as the network sees them, for training."`
	Patches modelPatchesCmd `cmd:"" help:"Write training patches with implanted nodules to standard output."`
}
