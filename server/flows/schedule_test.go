package flows_test

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// TestSchedulesAreTaken shows that the store takes what the check of a flow file lets pass: one schedule that it refuses would keep all flows from being served.
func TestSchedulesAreTaken(t *testing.T) {
	store, err := runtime.Open(t.Context(), t.TempDir(), runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	schedules, err := schedule.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for _, cron := range []string{
		"* * * * *", "*/15 8-18 * * mon-fri", "0 4 * * 7", "0 4 * * 5-7", "0 4 * * 0-7/7", "0 4 * * 1/2", "0 4 1,15 jan-JUN *", "0 4 29 2 *", "5/20 23 31 * sat,7", "0 0 */10 */3 */2", "0  4 * * SUN",
	} {
		trigger := project.Trigger{Cron: cron}
		for _, zone := range []string{"", "Europe/Amsterdam", "Asia/Kathmandu", "UTC"} {
			if err := schedules.Set(t.Context(), map[string]schedule.Spec{"orders": {Cron: trigger.Schedule(), Zone: zone}}); err != nil {
				t.Errorf("%q, zone %q: %v", cron, zone, err)
			}
		}
	}
}
