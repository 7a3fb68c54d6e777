import { describeSpectators } from "./spectate.cases.ts";

describeSpectators("uws");
