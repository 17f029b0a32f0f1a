package server

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
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
}

// ParseConfig reads the section, which is JSON text; nil is an empty one.
func ParseConfig(section []byte) (Config, error) {
	c := Config{Listen: DefaultListen}
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
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	return c, nil
}
