package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// DefaultListen is where a server listens unless it is told otherwise: on this machine only.
const DefaultListen = "127.0.0.1:8080"

// Config is the section `server` of crosswalk.yaml.
type Config struct {
	// Listen is an address and a port.
	Listen string `json:"listen"`
	// Hosts are the names under which browsers may ask.
	Hosts []string `json:"hosts"`
	// TLS is true where a proxy in front speaks TLS with the browsers.
	TLS  bool        `json:"tls"`
	Auth auth.Config `json:"auth"`
	// Outbound says where connections may lead.
	Outbound outbound.Policy `json:"outbound"`
	// Workers is how many documents of a flow are at its systems at a time: 1 to 64.
	Workers int `json:"workers"`
	// Drain is how long documents in hand may take when the server is told to stop.
	Drain Duration `json:"drain"`
	// NATS is the cluster that keeps everything; left out, everything is in the data folder.
	NATS *runtime.Cluster `json:"nats"`
}

// Duration is a time as people write it: "30s", "5m".
type Duration time.Duration

// UnmarshalText reads a time of zero or more.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no time such as 30s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// ParseConfig reads the section, which is JSON text; nil is an empty one.
func ParseConfig(section []byte) (Config, error) {
	c := Config{Listen: DefaultListen, Workers: 4, Drain: Duration(30 * time.Second)}
	if len(section) == 0 {
		return c, nil
	}
	dec := json.NewDecoder(bytes.NewReader(section))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("the section server of crosswalk.yaml: %w", err)
	}
	for _, scheme := range c.Outbound.Schemes {
		if scheme != "https" && scheme != "http" {
			return c, fmt.Errorf("the section server of crosswalk.yaml: outbound.schemes knows https and http, and not %q", scheme)
		}
	}
	if c.Workers < 1 || c.Workers > 64 {
		return c, fmt.Errorf("the section server of crosswalk.yaml: workers is %d: it is a number from 1 to 64", c.Workers)
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	return c, nil
}
