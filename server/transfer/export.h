/* The command `interleave export`: runs of a database into a file. */
#ifndef TRANSFER_EXPORT_H
#define TRANSFER_EXPORT_H

/* argv starts after the command's name. Returns the exit code. */
int export_command(int argc, char **argv);

#endif
