// nats.go as a contestant: `bench-peer pub|sub <url> <messages> <size> <warm-up>`. Works, measures itself, prints one line of
// JSON. The protocol is described in ../../README.md.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

const subject = "orders.eu.created"

type outcome struct {
	Messages int     `json:"messages"`
	CPUNs    int64   `json:"cpuNs"`
	SystemNs int64   `json:"systemNs"`
	WallMs   float64 `json:"wallMs"`
	PeakRss  int64   `json:"peakRss"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("usage: bench-peer pub|sub <url> <messages> <size> <warm-up>")
	}
	var numbers [3]int
	for i, text := range args[2:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		numbers[i] = number
	}
	messages, size, warmUp := numbers[0], numbers[1], numbers[2]
	nc, err := nats.Connect(args[1])
	if err != nil {
		return err
	}
	defer nc.Close()
	work := publishing(nc, size)
	if args[0] == "sub" {
		if work, err = receiving(nc, size); err != nil {
			return err
		}
	}
	if err := work(warmUp); err != nil {
		return err
	}
	before, begun := usage(), time.Now()
	if err := work(messages); err != nil {
		return err
	}
	wall, after := time.Since(begun), usage()
	user, system := after.Utime.Nano()-before.Utime.Nano(), after.Stime.Nano()-before.Stime.Nano()
	return json.NewEncoder(os.Stdout).Encode(outcome{
		Messages: messages,
		CPUNs:    user + system,
		SystemNs: system,
		WallMs:   float64(wall.Nanoseconds()) / 1e6,
		PeakRss:  after.Maxrss * 1024,
	})
}

func publishing(nc *nats.Conn, size int) func(int) error {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = 'x'
	}
	return func(messages int) error {
		for range messages {
			if err := nc.Publish(subject, payload); err != nil {
				return err
			}
		}
		return nc.Flush()
	}
}

func receiving(nc *nats.Conn, size int) (func(int) error, error) {
	var seen, bytes, wanted int
	done := make(chan struct{})
	sub, err := nc.Subscribe(subject, func(msg *nats.Msg) {
		seen++
		bytes += len(msg.Data)
		if seen == wanted {
			done <- struct{}{}
		}
	})
	if err != nil {
		return nil, err
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, err
	}
	if err := nc.Flush(); err != nil {
		return nil, err
	}
	return func(messages int) error {
		seen, bytes, wanted = 0, 0, messages
		if err := nc.Publish(fmt.Sprintf("blast.%d.%d", size, messages), nil); err != nil {
			return err
		}
		if err := nc.Flush(); err != nil {
			return err
		}
		<-done
		if bytes != messages*size {
			return fmt.Errorf("%d bytes instead of %d", bytes, messages*size)
		}
		return nil
	}, nil
}

func usage() syscall.Rusage {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage
}
