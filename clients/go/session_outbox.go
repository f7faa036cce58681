package workflowgraph

import (
	"google.golang.org/protobuf/proto"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

const (
	// The server takes a thousand reports and 4 MiB in one message.
	messageReportsMax = 1000
	messageBytesMax   = 3 * 1024 * 1024
)

// sessionOutbox is what waits to be sent over a session.
type sessionOutbox struct {
	hello    *workflowgraphv1.WorkJobsRequest_Hello
	credits  uint32
	received []string
	reports  []*workflowgraphv1.JobReport
	drain    bool
	// Nothing will be added.
	isLast bool
}

// take gives the next message; nil when there is nothing to send.
func (o *sessionOutbox) take() *workflowgraphv1.WorkJobsRequest {
	if o.hello == nil && o.credits == 0 && len(o.received) == 0 && len(o.reports) == 0 && !o.drain {
		return nil
	}
	count, bytes := 0, 0
	for count < len(o.reports) && count < messageReportsMax {
		bytes += proto.Size(o.reports[count])
		if count > 0 && bytes > messageBytesMax {
			break
		}
		count++
	}
	message := &workflowgraphv1.WorkJobsRequest{
		Hello:            o.hello,
		AddCredits:       o.credits,
		ReceivedLeaseIds: o.received,
		Reports:          o.reports[:count:count],
		Drain:            o.drain,
	}
	*o = sessionOutbox{reports: o.reports[count:], isLast: o.isLast}
	return message
}
