import proxyAddress from "@fastify/proxy-addr";

export interface Forwarded {
  readonly "x-forwarded-for"?: string | string[] | undefined;
}

/** Where somebody calls from: who is connected, or whom a proxy that is believed names. */
export type AddressOf = (connected: string | undefined, headers: Forwarded) => string;

/** @param trustProxy addresses or networks, separated by commas; undefined: nobody is believed */
export function createAddressOf(trustProxy: string | undefined): AddressOf {
  const trusted = proxyAddress.compile(
    (trustProxy ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  );
  return (remoteAddress = "", headers) =>
    proxyAddress({ socket: { remoteAddress }, headers } as unknown as Parameters<typeof proxyAddress>[0], trusted);
}
