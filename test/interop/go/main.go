// A client that oapi-codegen makes of the API description (api/, generated beside it) creates a workflow, runs it, claims
// its job and cancels it.
package main

import (
	"context"
	"fmt"
	"os"

	"interop/api"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("the client of oapi-codegen reads every answer")
}

func run(ctx context.Context, server string) error {
	client, err := api.NewClientWithResponses(server)
	if err != nil {
		return err
	}
	id, command, name := "build", "true", "from Go"
	var definition api.CreateWorkflowJSONRequestBody
	form := api.WorkflowForm{Name: &name, Jobs: []api.WorkflowFormJob{{Id: id, Command: &command}}}
	if err := definition.FromWorkflowForm(form); err != nil {
		return err
	}
	requestID := "7c1f6f0a-31f5-4f0e-9d3f-5b8f6f6a2a11"
	params := &api.CreateWorkflowParams{RequestId: &requestID}
	made, err := client.CreateWorkflowWithResponse(ctx, params, definition)
	if err != nil || made.JSON201 == nil {
		return fmt.Errorf("create: %w %s", err, body(made))
	}
	workflow := made.JSON201.Id
	started, err := client.RunWorkflowWithResponse(ctx, workflow, api.RunWorkflowJSONRequestBody{})
	if err != nil || started.JSON202 == nil {
		return fmt.Errorf("run: %w", err)
	}
	claimed, err := client.ClaimJobWithResponse(ctx, api.ClaimJobJSONRequestBody{WorkerId: "go"})
	if err != nil || claimed.JSON200 == nil || claimed.JSON200.Job.JobId != id {
		return fmt.Errorf("claim: %w", err)
	}
	force := true
	cancelled, err := client.CancelWorkflowWithResponse(ctx, started.JSON202.RunId, api.CancelWorkflowJSONRequestBody{Force: &force})
	if err != nil || cancelled.JSON202 == nil {
		return fmt.Errorf("cancel: %w", err)
	}
	status, err := client.GetWorkflowStatusWithResponse(ctx, started.JSON202.RunId)
	if err != nil || status.JSON200 == nil || status.JSON200.Jobs[0].Status != "cancelled" {
		return fmt.Errorf("status: %w", err)
	}
	list, err := client.ListWorkflowsWithResponse(ctx, &api.ListWorkflowsParams{})
	if err != nil || list.JSON200 == nil || len(*list.JSON200) == 0 {
		return fmt.Errorf("list: %w", err)
	}
	return nil
}

func body(answer *api.CreateWorkflowResponse) string {
	if answer == nil {
		return ""
	}
	return string(answer.Body)
}
