// The nats.go end: JSON lines in, nats.go calls, JSON lines out. The protocol is described in ../../README.md.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/nats-io/nats.go"
)

// One line at a time, whichever goroutine says it.
type speaker struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (s *speaker) say(line any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	encoder := json.NewEncoder(s.out)
	if err := encoder.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, "cannot say:", err)
		os.Exit(1)
	}
	if err := s.out.Flush(); err != nil {
		os.Exit(1)
	}
}

func main() {
	speaker := &speaker{out: bufio.NewWriter(os.Stdout)}
	driver := newDriver(speaker)
	speaker.say(map[string]string{
		"event":   "ready",
		"library": "nats.go",
		"version": nats.Version,
		"runtime": runtime.Version(),
	})
	// Commands run in the order of the lines; what may wait for a later one (see driver.go) runs beside them.
	decoder := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var command command
		if err := decoder.Decode(&command); err != nil {
			return
		}
		if command.waits() {
			go driver.run(command)
		} else {
			driver.run(command)
		}
	}
}
