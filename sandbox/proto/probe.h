/* The jobs of a self-test: no scenarios, but what the sandbox itself does in a sealed worker. */
#ifndef PROTO_PROBE_H
#define PROTO_PROBE_H

#define PROBE_ENDS  "self-test"      /* comes to its end, with a process of its own left over */
#define PROBE_STAYS "self-test-stay" /* stays, so that it can be looked at */

#define PROBE_PASSED "passed\n" /* printed when all is as it has to be, seen from inside */

#endif
