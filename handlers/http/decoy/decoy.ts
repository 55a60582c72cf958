/** What there is to see for somebody who is not to see anything. */
export type Decoy = (request: Request) => Response | Promise<Response>;
