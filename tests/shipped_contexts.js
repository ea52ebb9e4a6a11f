// Loaded before ro-crate-html: what it would fetch from the web comes from the folder PROVCAP_CONTEXTS.
const fs = require("fs");
const path = require("path");
const names = {
  "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
  "https://w3id.org/ro/crate/1.3/context": "ro-crate-1.3.jsonld",
  "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
};
globalThis.fetch = async (url) => {
  const text = fs.readFileSync(path.join(process.env.PROVCAP_CONTEXTS, names[url]), "utf8");
  return { ok: true, status: 200, json: async () => JSON.parse(text), text: async () => text };
};
