export * from "uws-pack";

import * as pack from "uws-pack";
export default pack;
