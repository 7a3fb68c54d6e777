/** Every reason for which the world refuses a command. The codes are public and stable. */
export const WORLD_REJECTIONS = {
  WORLD_NOT_FOUND: "there is no world yet",
  WORLD_EXISTS: "the world was made before",
  INVALID_WORLD: "the definition contradicts itself",
  ZONE_NOT_FOUND: "there is no such zone",
  ZONE_NOT_DISCOVERED: "you have not discovered this zone",
  RESOURCE_NOT_FOUND: "there is no such resource",
  NOT_ENOUGH_LEFT: "there is not that much of it left",
  BOSS_NOT_FOUND: "this zone has no such boss",
  EVENT_EXISTS: "this event was triggered before",
  TOO_MANY_EVENTS: "too many events are under way",
  EVENT_NOT_FOUND: "no such event is under way",
  EVENT_OVER: "this event's time is up",
  TOO_EARLY: "its time has not come yet",
  FULLY_GROWN: "this resource is full",
} as const;

export type WorldRejectionCode = keyof typeof WORLD_REJECTIONS;
