/**
 * How often each process of a team speaks, by how many they are.
 *
 * For `Announcer`, which keeps to it, and `Directory`, which expects it of others; and `Roll`. Pure.
 */

/**
 * Of so many processes that handle something each one speaks at every heartbeat; of twice as many at every second one: all
 * together say so much a second and no more. Each hears it all. From so many on, too, one tells a newcomer of all (`Roll`).
 */
export const crowd = 50

/** From a throng on, all together hear no more either. */
const throng = 250

/** How many heartbeats lie between two announcements of a process that handles something, where there are so many. */
export const beatsOf = (servers: number): number =>
  Math.max(1, Math.ceil(servers / crowd * Math.max(1, servers / throng)))
