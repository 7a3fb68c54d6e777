import { describeSerializer } from "./serializer.cases.ts";

describeSerializer("uws");
