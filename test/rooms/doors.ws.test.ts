import { describeDoors } from "./doors.cases.ts";

describeDoors("ws");
