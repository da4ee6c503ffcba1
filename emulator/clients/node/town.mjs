// What the clients' scripts share: what they are told of the emulator's world,
// and how they tell the test what happened. Each prints one JSON object a line.
import { createInterface } from "node:readline";

// town is told by the test: addresses, ids, secrets.
export const town = JSON.parse(process.env.TOWN);

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

// step runs one thing that a client can do and says how it went. What it returns
// is what the test looks at.
export async function step(name, run) {
  try {
    say({ step: name, ok: true, got: (await run()) ?? null });
  } catch (e) {
    say({ step: name, ok: false, error: `${e.name ?? ""} ${e.code ?? ""} ${e.errorCode ?? ""} ${e.message}`.trim(), cause: String(e.cause?.message ?? "") });
  }
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// person asks the test to play somebody at a browser, and gives where that ended.
export async function person(ask) {
  say({ ask });
  const { value } = await answers.next();
  const answer = JSON.parse(value);
  if (answer.error) throw new Error(answer.error);
  return answer.address;
}

// claims reads a token's body; nothing is checked.
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}

// all collects what a pager gives.
export async function all(pages) {
  const list = [];
  for await (const item of pages) list.push(item);
  return list;
}

// refusal is the answer to what must fail.
export async function refusal(promise) {
  try {
    await promise;
  } catch (e) {
    return { status: e.statusCode ?? e.status ?? e.errorResponse?.status ?? null, code: (typeof e.error === "string" ? e.error : e.code) ?? e.errorCode ?? null, message: e.message };
  }
  throw new Error("it succeeded");
}

export const end = () => process.exit(0); // standard input is still open
