package workflowgraph

import (
	"context"
	"testing"
	"time"
)

func TestAWorkerDrainedByTheRealServerEndsAfterItsJob(t *testing.T) {
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		t.Run(string(transport), func(t *testing.T) {
			url := startServer(t)
			client := newTestClient(t, url)
			ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
			defer cancel()
			executor := newGate()
			worker := startWorker(t, WorkerConfig{
				ServerURL: url, Transport: transport, Executor: executor, HeartbeatInterval: 200 * time.Millisecond,
			})
			created, err := client.CreateWorkflow(ctx, `{on: push, jobs: {a: {run: x}, b: {run: x, needs: a}}}`, CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			runID, err := client.RunWorkflow(ctx, created.ID, RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			<-executor.started
			drain, err := client.DrainWorker(ctx, worker.ID(), DrainOptions{Stop: true, Reason: "test"})
			if err != nil || !drain.Stop || drain.Reason != "test" || drain.Since.IsZero() {
				t.Fatalf("drain: %v, %+v", err, drain)
			}
			workers, err := client.Workers(ctx, Page{})
			if err != nil || workers[0].Drain == nil || *workers[0].Drain != *drain {
				t.Errorf("workers: %v, %+v", err, workers)
			}
			worker.says(t, "stops when no job is running")
			close(executor.letGo)
			worker.endsByItself(t)
			status, err := client.Status(ctx, runID)
			if err != nil || status.Jobs[0].Status != JobSuccess || status.Jobs[1].Status != JobQueued {
				t.Errorf("%v, %+v", err, status)
			}
			if err := client.UndrainWorker(ctx, worker.ID()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPausesAndBackfills(t *testing.T) {
	client := newTestClient(t, startServer(t))
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	created, err := client.CreateWorkflow(ctx, `{on: {schedule: [{id: night, cron: '0 3 * * *'}]}, jobs: {a: {run: x}}}`, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	threeDays := BackfillOptions{From: time.UnixMilli(0), To: time.UnixMilli(0).Add(72 * time.Hour), DryRun: true}
	counted, err := client.CreateBackfill(ctx, created.ID, "night", threeDays)
	if err != nil || counted.ID != "" || counted.Total != 3 || counted.Order != "oldest" {
		t.Errorf("counted: %v, %+v", err, counted)
	}
	threeDays.DryRun = false
	backfill, err := client.CreateBackfill(ctx, created.ID, "night", threeDays)
	if err != nil {
		t.Fatal(err)
	}
	if cancelled, err := client.CancelBackfill(ctx, created.ID, backfill.ID); err != nil || !cancelled.Cancelled {
		t.Errorf("cancelled: %v, %+v", err, cancelled)
	}
	if all, err := client.Backfills(ctx, created.ID); err != nil || len(all) != 1 || all[0].ID != backfill.ID {
		t.Errorf("backfills: %v, %+v", err, all)
	}
	pause, err := client.Pause(ctx, PauseWorkflow, created.ID, "holidays")
	if err != nil || pause.Subject != created.ID || pause.Reason != "holidays" {
		t.Errorf("pause: %v, %+v", err, pause)
	}
	if pauses, err := client.Pauses(ctx); err != nil || len(pauses) != 1 || pauses[0] != *pause {
		t.Errorf("pauses: %v, %+v", err, pauses)
	}
	if err := client.Resume(ctx, PauseWorkflow, created.ID); err != nil {
		t.Error(err)
	}
	if pauses, err := client.Pauses(ctx); err != nil || len(pauses) != 0 {
		t.Errorf("pauses: %v, %+v", err, pauses)
	}
}
