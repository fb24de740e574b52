// A Matrix client nobody here wrote (matrix-js-sdk with Rust crypto), driven by JSON lines on stdin; answers and events come
// as JSON lines on stdout. It talks to cross-signed devices only, as Element does since April 2026 (MSC4153).
// usage: node strict_client.mjs HOMESERVER USER PASSWORD

// Node 20 has no Promise.withResolvers; without it the SDK's sync stops silently.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
};
for (const level of ["debug", "info", "warn", "error", "trace", "log"]) console[level] = () => {};

await import("fake-indexeddb/auto");
const sdk = await import("matrix-js-sdk");
const { OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js");
const readline = await import("node:readline");

const [homeserver, user, password] = process.argv.slice(2);
const out = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const login = await sdk.createClient({ baseUrl: homeserver }).loginRequest({
  type: "m.login.password", identifier: { type: "m.id.user", user }, password,
});
const client = sdk.createClient({
  baseUrl: homeserver, userId: login.user_id, deviceId: login.device_id, accessToken: login.access_token,
});
await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());

const authUploadDeviceSigningKeys = (request) => request({
  type: "m.login.password", identifier: { type: "m.id.user", user: login.user_id }, password,
});
const seen = new Set();
async function show(event) {
  if (event.isEncrypted()) await client.decryptEventIfNeeded(event);
  const failed = event.isDecryptionFailure();
  const key = event.getId() + failed;
  if (seen.has(key)) return;
  seen.add(key);
  out({
    event: event.getType(), id: event.getId(), room: event.getRoomId(), sender: event.getSender(),
    wire: event.getWireType(), encrypted: event.isEncrypted(), failed,
    reason: event.decryptionFailureReason ?? null, content: event.getContent(),
    relation: event.getWireContent()["m.relates_to"] ?? null,
  });
}
client.on("Room.timeline", (event) => { if (!event.isState()) show(event); });
client.on("Event.decrypted", (event) => show(event));

const encryption = { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
const commands = {
  sign: async () => { await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys }); return {}; },
  secrets: async () => ({ bundle: await crypto.exportSecretsBundle() }),
  adopt: async ({ bundle }) => {
    await crypto.importSecretsBundle(bundle);
    await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys });
    return {};
  },
  create: async ({ invite, direct, encrypted }) => ({
    room: (await client.createRoom({
      invite, is_direct: direct, preset: "trusted_private_chat", initial_state: encrypted ? [encryption] : [],
    })).room_id,
  }),
  join: async ({ room }) => { await client.joinRoom(room); return {}; },
  leave: async ({ room }) => { await client.leave(room); return {}; },
  encrypt: async ({ room }) => { await client.sendStateEvent(room, encryption.type, encryption.content, ""); return {}; },
  send: async ({ room, body, content }) => ({
    id: (await client.sendEvent(room, "m.room.message", content ?? { msgtype: "m.text", body })).event_id,
  }),
  react: async ({ room, target, key }) => ({
    id: (await client.sendEvent(room, "m.reaction", {
      "m.relates_to": { rel_type: "m.annotation", event_id: target, key },
    })).event_id,
  }),
  redact: async ({ room, target }) => ({ id: (await client.redactEvent(room, target)).event_id }),
  devices: async ({ of }) => {
    const found = (await crypto.getUserDeviceInfo([of], true)).get(of) ?? new Map();
    const devices = {};
    for (const id of found.keys()) devices[id] = (await crypto.getDeviceVerificationStatus(of, id)).signedByOwner;
    return { devices };
  },
  members: async ({ room }) => ({ members: client.getRoom(room)?.getJoinedMembers().map((one) => one.userId) ?? [] }),
  quit: async () => { client.stopClient(); setTimeout(() => process.exit(0), 50); return {}; },
};

await client.startClient({ initialSyncLimit: 50 });
await new Promise((ready) => client.on("sync", (state) => state === "PREPARED" && ready()));
out({ ready: true, user: login.user_id, device: login.device_id });
readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const { number, command, ...values } = JSON.parse(line);
  try {
    out({ answer: number, ...(await commands[command](values)) });
  } catch (error) {
    out({ answer: number, error: String(error) });
  }
}).on("close", () => process.exit(0));
