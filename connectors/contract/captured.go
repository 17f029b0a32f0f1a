package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Exchange is one captured request to a running system and its answer, as a file of a folder of captures holds it. Bodies
// that are no JSON stand there as JSON strings.
type Exchange struct {
	// Name is the file's name without its ending: "013-oauth1-ok".
	Name    string `json:"-"`
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

// Number is the order in which the exchanges were captured: "013".
func (e Exchange) Number() string {
	number, _, _ := strings.Cut(e.Name, "-")
	return number
}

// Exchanges reads all exchanges of a folder, in order. None is a failure of the test.
func Exchanges(t testing.TB, folder string) []Exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges in %s: %v", folder, err)
	}
	slices.Sort(files)
	list := make([]Exchange, len(files))
	for i, file := range files {
		list[i] = readExchange(t, file)
	}
	return list
}

// OneExchange reads the exchange with the number.
func OneExchange(t testing.TB, folder, number string) Exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, number+"-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("exchange %s in %s: %v %v", number, folder, files, err)
	}
	return readExchange(t, files[0])
}

func readExchange(t testing.TB, file string) Exchange {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e := Exchange{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return e
}
