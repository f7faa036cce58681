import { randomUUID } from 'node:crypto';
import { definitionOf } from './definition.js';
import type { ClientCall } from './scenario.js';
import type { Stage } from './stage.js';

/** Tells the adapter to make a call with the library's client, and waits for the response. */
export async function callClient(stage: Stage, call: ClientCall, withinMs: number): Promise<void> {
  const id = randomUUID();
  stage.adapter.send({ do: 'call', id, call: call.do, request_id: randomUUID(), ...argumentsOf(stage, call) });
  const isAnswer = (event: { readonly event: string; readonly id?: string }) =>
    event.event === 'answered' && event.id === id;
  const { answer = '', error } = await stage.adapter.until(`${call.do} is answered`, isAnswer, withinMs);
  if (error != null) throw new Error(`${call.do} failed: ${error}`);
  await checkAnswer(stage, call, answer);
}

function argumentsOf(stage: Stage, call: ClientCall): Readonly<Record<string, unknown>> {
  switch (call.do) {
    case 'create':
      return { definition: { ...definitionOf(stage.scenario, stage.play), name: stage.createdName } };
    case 'remove':
      return { target: stage.created.at(-1) };
    default:
      return { target: stage.run(call.run), job_id: call.job };
  }
}

async function checkAnswer(stage: Stage, call: ClientCall, answer: string): Promise<void> {
  switch (call.do) {
    case 'create':
      stage.created.push(answer);
      return;
    case 'cancel':
      if (answer !== stage.run(call.run)) throw new Error(`cancel returned ${answer}, not the run`);
      return;
    case 'read_log': {
      const chunks = await stage.api.log(stage.run(call.run), call.job ?? '');
      const whole = chunks.map(({ data }) => data).join('');
      if (answer !== whole)
        throw new Error(`the log was read as ${JSON.stringify(answer)}, not ${JSON.stringify(whole)}`);
    }
  }
}
