// json-rules-engine: a rule for every action. Lines in: first the rules, then customers. Lines out:
// the places of the actions that are eligible, and the microseconds that it took, by its own clock.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Engine } = createRequire(`${process.cwd()}/`)("json-rules-engine");
let engine;

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  if (!engine) {
    engine = new Engine(given);
    console.log("{}");
    continue;
  }
  const before = process.hrtime.bigint();
  const { events } = await engine.run(given);
  const took = Number(process.hrtime.bigint() - before) / 1000;
  console.log(JSON.stringify({ took, places: events.map((event) => event.params.place) }));
}
