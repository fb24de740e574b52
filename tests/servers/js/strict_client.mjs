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
const { AllDevicesIsolationMode, OnlySignedDevicesIsolationMode } = await import("matrix-js-sdk/lib/crypto-api/index.js");
const readline = await import("node:readline");
const { webcrypto } = await import("node:crypto");

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
async function encryptionKnown(room) {
  while (!(await crypto.isEncryptionEnabledInRoom(room))) await new Promise((later) => setTimeout(later, 50));
}
const commands = {
  sign: async () => { await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys }); return {}; },
  careless: async () => { crypto.setDeviceIsolationMode(new AllDevicesIsolationMode(false)); return {}; },
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
  join: async ({ room }) => { await client.joinRoom(room); await encryptionKnown(room); return {}; },
  invite: async ({ room, user: guest }) => { await client.invite(room, guest); return {}; },
  rotate: async ({ room }) => { await crypto.forceDiscardSession(room); return {}; },
  leave: async ({ room }) => { await client.leave(room); return {}; },
  encrypt: async ({ room }) => {
    await client.sendStateEvent(room, encryption.type, encryption.content, "");
    await encryptionKnown(room);
    return {};
  },
  send: async ({ room, body, content }) => ({
    id: (await client.sendEvent(room, "m.room.message", content ?? { msgtype: "m.text", body })).event_id,
  }),
  file: async ({ room, name, type, data, msgtype, caption, voice }) => {
    // Encrypted attachments are the application's business, not the SDK's: AES-CTR as the specification says.
    const plain = Buffer.from(data, "hex");
    const key = await webcrypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
    const iv = new Uint8Array(16);
    webcrypto.getRandomValues(iv.subarray(0, 8));
    const sealed = Buffer.from(await webcrypto.subtle.encrypt({ name: "AES-CTR", counter: iv, length: 64 }, key, plain));
    const hash = Buffer.from(await webcrypto.subtle.digest("SHA-256", sealed));
    const { content_uri: url } = await client.uploadContent(sealed, { type: "application/octet-stream" });
    const bare = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
    const file = { v: "v2", url, iv: bare(iv), hashes: { sha256: bare(hash) }, key: await webcrypto.subtle.exportKey("jwk", key) };
    const spoken = voice ? { "org.matrix.msc3245.voice": {} } : {};
    const content = { ...spoken, msgtype, body: caption || name, filename: name, info: { mimetype: type, size: plain.length }, file };
    return { id: (await client.sendEvent(room, "m.room.message", content)).event_id };
  },
  fetch: async ({ content }) => {
    const { file, url } = content;
    const address = client.mxcUrlToHttp(file?.url ?? url, undefined, undefined, undefined, false, true, true);
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${login.access_token}` } });
    let data = Buffer.from(await answer.arrayBuffer());
    if (file) {
      const key = await webcrypto.subtle.importKey("jwk", file.key, { name: "AES-CTR" }, false, ["decrypt"]);
      const counter = Buffer.from(file.iv, "base64");
      data = Buffer.from(await webcrypto.subtle.decrypt({ name: "AES-CTR", counter, length: 64 }, key, data));
    }
    return { data: data.toString("hex") };
  },
  react: async ({ room, target, key }) => ({
    id: (await client.sendEvent(room, "m.reaction", {
      "m.relates_to": { rel_type: "m.annotation", event_id: target, key },
    })).event_id,
  }),
  typing: async ({ room, on }) => { await client.sendTyping(room, on, 20000); return {}; },
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
