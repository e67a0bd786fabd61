package worker

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// leastUrgent is the lowest of the scheduler's priorities (setpriority(2)).
const leastUrgent = 19

// StandBehind has this process give way to every other one. It is for the
// process group, which for a worker process is its own: in Linux a priority
// belongs to a thread, and the group holds all that run by now; later ones take
// theirs over.
func StandBehind() error {
	if err := unix.Setpriority(unix.PRIO_PGRP, 0, leastUrgent); err != nil {
		return fmt.Errorf("priority of the worker process: %w", err)
	}
	return nil
}
