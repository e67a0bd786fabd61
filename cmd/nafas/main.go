// Command nafas reads chest CT series, runs a nodule detector on the CPU and
// returns ranked findings. Research software: not for diagnosis.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Exit codes, the same for every verb.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitSomeFailed = 3
)

// errSomeFailed ends a verb that did its work for some of its inputs and has
// said on standard error which ones failed.
var errSomeFailed = errors.New("some inputs failed")

// usageError is a flag or an argument that cannot be right.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// endSignals end a verb in good order. A terminal that closes is one of them,
// so that demo leaves no images behind; nohup has that signal ignored, and it
// stays ignored.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var root cli
	exited := -1
	parser, err := kong.New(&root,
		kong.Name("nafas"),
		kong.Description("Lung nodule triage on ordinary CPUs: DICOM in, ranked findings out.\n"+
			"Research use only; not a medical device; never says that a scan is clear."),
		kong.DefaultEnvars("NAFAS"),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Vars{"cores": fmt.Sprint(defaultThreads())},
	)
	if err != nil {
		fmt.Fprintln(stderr, "nafas:", err)
		return exitFailed
	}
	for _, arg := range args {
		if !utf8.ValidString(arg) {
			fmt.Fprintf(stderr, "nafas: the argument %q is not UTF-8; of a file or folder with such a name, give the folder above it\n", arg)
			return exitUsage
		}
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		fmt.Fprintf(stderr, "nafas: %v\nTry: nafas --help\n", err)
		return exitUsage
	}
	io := streams{out: stdout, err: stderr, format: root.Format, verbose: root.Verbose}
	return exitCode(stderr, command.Run(&io, kongContext{ctx}))
}

// kongContext carries the context to a verb's Run.
type kongContext struct{ context.Context }

func exitCode(stderr io.Writer, err error) int {
	var wrongUse usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSomeFailed):
		fmt.Fprintln(stderr, "nafas:", err)
		return exitSomeFailed
	case errors.As(err, &wrongUse):
		fmt.Fprintln(stderr, "nafas:", err)
		return exitUsage
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		fmt.Fprintln(stderr, "nafas: interrupted")
		return exitFailed
	default:
		fmt.Fprintln(stderr, "nafas:", err)
		return exitFailed
	}
}
