// Holds the streams for every tab of this browser.
import { Hub, type Tab } from './hub.js';
import type { ToHub } from './messages.js';
import { hubServer } from './watch.js';

const hub = new Hub(hubServer);

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  const tab: Tab = { send: (message) => port.postMessage(message) };
  hub.join(tab);
  port.onmessage = ({ data }: MessageEvent<ToHub>) => hub.receive(tab, data);
});
