package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/server"
	"github.com/crosswalk-go/crosswalk/server/project"
)

func TestCluster(t *testing.T) {
	p, err := project.Load(filepath.Join("runtime", "runner", "testdata"), all.Systems(),
		project.Env(func(name string) (string, bool) { return "s3cret", name == "NATS_PASSWORD" }))
	if err != nil {
		t.Fatal(err)
	}
	for section, want := range map[string]string{
		`{"nats":{"url":"nats://a:4222","user":"u","password":"${NATS_PASSWORD}","credentials":"keys/a.creds"}}`: "",
		`{"nats":{"url":"nats://a:4222","password":"hunter2"}}`:                                                  "server.nats.password: a secret is never written here",
		`{"nats":{"url":"nats://a:4222","token":"${ELSEWHERE}"}}`:                                                "the variable ELSEWHERE is not set",
		`{"nats":{}}`: "server.nats has no url",
		`{"nats":{"url":"nats://a:4222","replicas":2}}`:          "it is 1, 3 or 5",
		`{"nats":{"url":"nats://a:4222","certificate":"a.pem"}}`: "it takes both",
	} {
		cfg, err := server.ParseConfig([]byte(section))
		if err != nil {
			t.Fatal(err)
		}
		c, err := cfg.Cluster(p)
		switch {
		case want == "" && (err != nil || c.Password != "s3cret" || c.Credentials != filepath.Join(p.Dir, "keys", "a.creds")):
			t.Errorf("%s: %+v, %v", section, c, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: %v", section, err)
		}
	}
	for _, section := range []string{`{"workers":0}`, `{"workers":65}`, `{"drain":"soon"}`, `{"drain":"-1s"}`, `{"nats":{"adress":"x"}}`} {
		if _, err := server.ParseConfig([]byte(section)); err == nil {
			t.Errorf("%s is taken", section)
		}
	}
}
