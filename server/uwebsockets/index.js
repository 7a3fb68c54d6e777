// Colyseus' transport imports a default export by this name; the repack has neither the name nor the default.
import * as pack from "uws-pack";

export * from "uws-pack";
export default pack;
