import fc from "fast-check";
import { match, strictEqual } from "node:assert/strict";

import { prometheusText } from "./metric.ts";
import { RequestMetrics } from "./request_metrics.ts";

Deno.test("prometheusText() writes what Prometheus reads", () => {
  const text = prometheusText([{
    name: "requests_total",
    help: "Of all\nkinds \\",
    type: "counter",
    samples: [{ labels: { path: 'a"b\\c\nd' }, value: 3 }, { value: Infinity }, { value: 0.5 }],
  }]);
  strictEqual(
    text,
    "# HELP requests_total Of all\\nkinds \\\\\n# TYPE requests_total counter\n" +
      'requests_total{path="a\\"b\\\\c\\nd"} 3\nrequests_total +Inf\nrequests_total 0.5\n',
  );
});

Deno.test("no label value breaks out of its line", () => {
  fc.assert(fc.property(fc.string(), (value) => {
    const samples = [{ labels: { value }, value: 1 }];
    const text = prometheusText([{ name: "a", help: "", type: "gauge", samples }]);
    match(text, /^# HELP a \n# TYPE a gauge\na\{value="(?:[^"\\\n]|\\["\\n])*"\} 1\n$/);
  }));
});

Deno.test("RequestMetrics counts into every bucket that is large enough", () => {
  const metrics = new RequestMetrics();
  metrics.answered("/call", 200, 0.02);
  metrics.answered("/call", 200, 3);
  metrics.answered("/call", 504, 30);
  metrics.refused("rate");
  const text = prometheusText(metrics.collect());
  match(text, /^alknet_http_requests_total\{route="\/call",status="200"\} 2$/m);
  match(text, /^alknet_http_refused_total\{reason="rate"\} 1$/m);
  match(text, /_bucket\{route="\/call",le="0.005"\} 0$/m);
  match(text, /_bucket\{route="\/call",le="0.025"\} 1$/m);
  match(text, /_bucket\{route="\/call",le="10"\} 2$/m);
  match(text, /_bucket\{route="\/call",le="\+Inf"\} 3$/m);
  match(text, /_count\{route="\/call"\} 3$/m);
});
