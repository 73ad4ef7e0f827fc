// What each command does with nats.go.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

type command struct {
	ID      int       `json:"id"`
	Op      string    `json:"op"`
	Conn    string    `json:"conn"`
	Servers []string  `json:"servers"`
	NoEcho  bool      `json:"noEcho"`
	Sub     string    `json:"sub"`
	Subject string    `json:"subject"`
	Queue   string    `json:"queue"`
	Max     int       `json:"max"`
	Respond *answer   `json:"respond"`
	Data    []byte    `json:"data"`
	Reply   string    `json:"reply"`
	Headers []headers `json:"headers"`
	First   int       `json:"first"`
	Count   int       `json:"count"`
	Timeout int       `json:"timeout"`
}

type answer struct {
	Data    *[]byte   `json:"data"`
	Headers []headers `json:"headers"`
}

type reply struct {
	ID       int       `json:"id"`
	Message  *message  `json:"message,omitempty"`
	Messages []message `json:"messages,omitempty"`
	Error    *failure  `json:"error,omitempty"`
}

type failure struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func (c command) waits() bool {
	switch c.Op {
	case "request", "requestMany", "drain", "drainSubscription":
		return true
	}
	return false
}

type connection struct {
	nc     *nats.Conn
	closed chan struct{}
}

type driver struct {
	speaker       *speaker
	mutex         sync.Mutex
	connections   map[string]*connection
	subscriptions map[string]*nats.Subscription
}

func newDriver(speaker *speaker) *driver {
	return &driver{
		speaker:       speaker,
		connections:   map[string]*connection{},
		subscriptions: map[string]*nats.Subscription{},
	}
}

func (d *driver) run(c command) {
	answer := reply{ID: c.ID}
	if err := d.do(c, &answer); err != nil {
		code := "failed"
		if errors.Is(err, nats.ErrNoResponders) {
			code = "no-responders"
		} else if errors.Is(err, nats.ErrTimeout) {
			code = "timeout"
		}
		answer.Error = &failure{Code: code, Text: err.Error()}
	}
	d.speaker.say(answer)
}

func (d *driver) do(c command, answer *reply) error {
	if c.Op == "connect" {
		return d.connect(c)
	}
	d.mutex.Lock()
	connection, subscription := d.connections[c.Conn], d.subscriptions[c.Sub]
	d.mutex.Unlock()
	if connection == nil {
		return fmt.Errorf("there is no connection %q", c.Conn)
	}
	nc, timeout := connection.nc, time.Duration(c.Timeout)*time.Millisecond
	switch c.Op {
	case "subscribe":
		return d.subscribe(nc, c)
	case "unsubscribe":
		if c.Max > 0 {
			if err := subscription.AutoUnsubscribe(c.Max); err != nil {
				return err
			}
		} else if err := subscription.Unsubscribe(); err != nil {
			return err
		}
		return nc.Flush()
	case "drainSubscription":
		done := subscription.StatusChanged(nats.SubscriptionClosed)
		if err := subscription.Drain(); err != nil {
			return err
		}
		<-done
		return nil
	case "publish":
		return nc.PublishMsg(&nats.Msg{Subject: c.Subject, Reply: c.Reply, Data: c.Data, Header: toHeader(c.Headers)})
	case "burst":
		for i := c.First; i < c.First+c.Count; i++ {
			if err := nc.Publish(c.Subject, []byte(strconv.Itoa(i))); err != nil {
				return err
			}
		}
		return nil
	case "request":
		msg, err := nc.RequestMsg(&nats.Msg{Subject: c.Subject, Data: c.Data, Header: toHeader(c.Headers)}, timeout)
		if err == nil {
			found := toMessage(msg)
			answer.Message = &found
		}
		return err
	case "requestMany":
		messages, err := requestMany(nc, c, timeout)
		answer.Messages = messages
		return err
	case "flush":
		return nc.Flush()
	case "drain":
		if err := nc.Drain(); err != nil {
			return err
		}
		<-connection.closed
		return nil
	case "close":
		nc.Close()
		return nil
	}
	return fmt.Errorf("there is no op %q", c.Op)
}

func (d *driver) connect(c command) error {
	closed := make(chan struct{})
	options := []nats.Option{nats.ClosedHandler(func(*nats.Conn) { close(closed) })}
	if c.NoEcho {
		options = append(options, nats.NoEcho())
	}
	nc, err := nats.Connect(strings.Join(c.Servers, ","), options...)
	if err != nil {
		return err
	}
	d.mutex.Lock()
	d.connections[c.Conn] = &connection{nc: nc, closed: closed}
	d.mutex.Unlock()
	return nil
}

func (d *driver) subscribe(nc *nats.Conn, c command) error {
	subscription, err := nc.QueueSubscribe(c.Subject, c.Queue, func(msg *nats.Msg) {
		d.speaker.say(map[string]any{"event": "message", "sub": c.Sub, "message": toMessage(msg)})
		if c.Respond == nil || msg.Reply == "" {
			return
		}
		answer := &nats.Msg{Data: msg.Data, Header: msg.Header}
		if c.Respond.Data != nil {
			answer = &nats.Msg{Data: *c.Respond.Data, Header: toHeader(c.Respond.Headers)}
		}
		if err := msg.RespondMsg(answer); err != nil {
			fmt.Fprintln(os.Stderr, "cannot respond:", err)
		}
	})
	if err != nil {
		return err
	}
	if c.Max > 0 {
		if err := subscription.AutoUnsubscribe(c.Max); err != nil {
			return err
		}
	}
	d.mutex.Lock()
	d.subscriptions[c.Sub] = subscription
	d.mutex.Unlock()
	return nc.Flush()
}

// The core of nats.go has no call for it: an inbox of our own.
func requestMany(nc *nats.Conn, c command, timeout time.Duration) ([]message, error) {
	inbox := nc.NewInbox()
	subscription, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer subscription.Unsubscribe()
	if err := nc.PublishRequest(c.Subject, inbox, c.Data); err != nil {
		return nil, err
	}
	messages, deadline := []message{}, time.Now().Add(timeout)
	for len(messages) < c.Count {
		msg, err := subscription.NextMsg(time.Until(deadline))
		if errors.Is(err, nats.ErrTimeout) {
			break
		}
		if err != nil {
			return nil, err
		}
		messages = append(messages, toMessage(msg))
	}
	return messages, nil
}
