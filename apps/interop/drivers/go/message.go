// Messages and headers between JSON and nats.go. A []byte is base64 in JSON.
package main

import (
	"encoding/json"
	"strconv"

	"github.com/nats-io/nats.go"
)

type message struct {
	Subject     string    `json:"subject"`
	Reply       string    `json:"reply,omitempty"`
	Data        []byte    `json:"data"`
	Headers     []headers `json:"headers,omitempty"`
	Status      int       `json:"status,omitempty"`
	Description string    `json:"description,omitempty"`
}

// A name and its values: ["name", ["value", "value"]].
type headers struct {
	Name   string
	Values []string
}

func (h headers) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{h.Name, h.Values})
}

func (h *headers) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&h.Name, &h.Values})
}

func toHeader(list []headers) nats.Header {
	if len(list) == 0 {
		return nil
	}
	made := nats.Header{}
	for _, one := range list {
		for _, value := range one.Values {
			made.Add(one.Name, value)
		}
	}
	return made
}

func toMessage(msg *nats.Msg) message {
	made := message{Subject: msg.Subject, Reply: msg.Reply, Data: msg.Data}
	if made.Data == nil {
		made.Data = []byte{} // null is no base64
	}
	for name, values := range msg.Header {
		// A status line comes among the headers, under these two names.
		if code, err := strconv.Atoi(values[0]); name == "Status" && err == nil {
			made.Status = code
		} else if name == "Description" {
			made.Description = values[0]
		} else {
			made.Headers = append(made.Headers, headers{Name: name, Values: values})
		}
	}
	return made
}
