// Colyseus' transport imports a default export by this name; the repack has neither the name nor the default.
// Loaded with require(esm), which Node has since 22.12; elsewhere this throws and the server falls back to ws.
const pack = require("uws-pack");
module.exports = { ...pack, default: pack };
