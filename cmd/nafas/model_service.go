package main

import (
	"fmt"
	"io/fs"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nafas/internal/client"
	"nafas/models"
	"nafas/models/manifest"
	nafasv1 "nafas/proto/nafas/v1"
)

// serviceModelFlags say which service's models it is about.
type serviceModelFlags struct{ connectFlags }

// ask has do ask the service, and says of an error what to do.
func (f serviceModelFlags) ask(do func(*client.Client) error) error {
	conn, err := f.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	err = do(conn)
	said, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	switch said.Code() {
	case codes.Canceled:
		return err
	case codes.PermissionDenied, codes.Unauthenticated:
		return fmt.Errorf("%s: models are changed with a token of the role admin (nafas token new NAME --roles admin; --token-file)", said.Message())
	case codes.Unimplemented:
		return fmt.Errorf("the service at %s is of an earlier version, whose model is that of --model at its start", f.Address)
	}
	return fmt.Errorf("%s", said.Message())
}

// modelName is an argument that names a model of a service.
type modelName struct {
	Name string `arg:"" help:"Name of the model, or NAME:VERSION, or the beginning of its SHA-256."`
}

type modelInstalledCmd struct{ serviceModelFlags }

// Run lists the models of a service.
func (c *modelInstalledCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().ListModels(ctx, &nafasv1.ListModelsRequest{})
		if err != nil {
			return err
		}
		return printServiceModels(s, got.GetModels())
	})
}

type modelInstallCmd struct {
	serviceModelFlags
	Dir string `arg:"" type:"existingdir" help:"Folder with the model.yaml."`
}

// Run checks the model here, sends it, and waits until the service has tried it.
func (c *modelInstallCmd) Run(s *streams, ctx kongContext) error {
	m, err := models.Open(c.Dir)
	if err != nil {
		return err
	}
	return c.ask(func(conn *client.Client) error {
		got, err := conn.InstallModel(ctx, m.Folder(), modelFiles(m))
		if err != nil {
			return err
		}
		if s.format != "table" {
			return printServiceModels(s, []*nafasv1.ServiceModel{got.GetModel()})
		}
		is := got.GetModel().GetModel()
		if !got.GetAdded() {
			_, err = fmt.Fprintf(s.out, "%s %s is installed already\n", is.GetName(), is.GetVersion())
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s %s is installed, SHA-256 %s; its self-test holds on the service's machine\nnext: nafas model shadow %[1]s:%[2]s, and later nafas model compare and activate\n",
			is.GetName(), is.GetVersion(), is.GetSha256())
		return err
	})
}

// modelFiles are the files of a model's folder that belong to it.
func modelFiles(m *manifest.Model) []string {
	names := []string{manifest.FileName}
	for _, f := range m.Files() {
		names = append(names, f.Name)
	}
	if _, err := fs.Stat(m.Folder(), "card.md"); err == nil {
		names = append(names, "card.md")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

type modelShadowCmd struct {
	serviceModelFlags
	modelName
	Off bool `help:"End it; what was read is kept."`
}

// Run starts or ends the reading in shadow.
func (c *modelShadowCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		if c.Off {
			got, err := conn.Models().StopShadow(ctx, &nafasv1.StopShadowRequest{Model: c.Name})
			return said(s, err, got.GetModel(), "no longer reads in shadow", true)
		}
		got, err := conn.Models().StartShadow(ctx, &nafasv1.StartShadowRequest{Model: c.Name})
		return said(s, err, got.GetModel(), "reads new studies in shadow, beside the live model", got.GetChanged())
	})
}

type modelActivateCmd struct {
	serviceModelFlags
	modelName
}

// Run makes a model the live one.
func (c *modelActivateCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().ActivateModel(ctx, &nafasv1.ActivateModelRequest{Model: c.Name})
		return said(s, err, got.GetModel(), "is the live model: the next study is read by it", got.GetChanged())
	})
}

type modelRollbackCmd struct{ serviceModelFlags }

// Run returns to the model before.
func (c *modelRollbackCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().RollBackModel(ctx, &nafasv1.RollBackModelRequest{})
		return said(s, err, got.GetModel(), "is the live model again: the next study is read by it", true)
	})
}

type modelRemoveCmd struct {
	serviceModelFlags
	modelName
	Readings bool `help:"Remove what it read in shadow too."`
}

// Run removes a model that nothing needs.
func (c *modelRemoveCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().RemoveModel(ctx, &nafasv1.RemoveModelRequest{Model: c.Name, Readings: c.Readings})
		return said(s, err, &nafasv1.ServiceModel{Model: got.GetModel()}, "is removed", true)
	})
}

// said prints what became of a model.
func said(s *streams, err error, m *nafasv1.ServiceModel, what string, changed bool) error {
	if err != nil {
		return err
	}
	if s.format != "table" {
		return printServiceModels(s, []*nafasv1.ServiceModel{m})
	}
	note := ""
	if !changed {
		note = " (nothing changed)"
	}
	_, err = fmt.Fprintf(s.out, "%s %s %s%s\n", m.GetModel().GetName(), m.GetModel().GetVersion(), what, note)
	return err
}

type modelHistoryCmd struct{ serviceModelFlags }

// Run prints what was done to the models, and by whom.
func (c *modelHistoryCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().ListModelEvents(ctx, &nafasv1.ListModelEventsRequest{})
		if err != nil {
			return err
		}
		return printModelEvents(s, got.GetEvents())
	})
}

type modelCompareCmd struct {
	serviceModelFlags
	modelName
	Against string `help:"The live model to compare with; the one beside which it read last where none is named." placeholder:"NAME"`
}

// Run compares what a model said in shadow with what the live one said.
func (c *modelCompareCmd) Run(s *streams, ctx kongContext) error {
	return c.ask(func(conn *client.Client) error {
		got, err := conn.Models().CompareModels(ctx, &nafasv1.CompareModelsRequest{Model: c.Name, Against: c.Against})
		if err != nil {
			return err
		}
		return printModelComparison(s, got.GetComparison())
	})
}
