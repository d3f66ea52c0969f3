import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, read } from "./client";
import type { SessionState } from "./types";

export const sessionKey = ["session"] as const;

/** sessionQuery asks who is signed in. It needs no sign-in itself. */
export function useSessionQuery() {
  return useQuery({ queryKey: sessionKey, queryFn: () => read(api.GET("/session")), staleTime: 60_000 });
}

/** useSession is who is signed in, below the shell, which shows nothing before it is known. */
export function useSession(): SessionState | undefined {
  return useSessionQuery().data;
}

/** may tells whether the signed-in person has a permission. The server decides; this only spares a dead button. */
export function may(session: SessionState | undefined, permission: string): boolean {
  return session?.user?.permissions.includes(permission) ?? false;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { email: string; password: string; code: string }) => read(api.POST("/session", { body })),
    onSuccess: (state) => {
      client.clear();
      client.setQueryData(sessionKey, state);
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => read(api.DELETE("/session")),
    // Whatever the answer, nothing that was read may stay behind in this tab.
    onSettled: () => {
      client.clear();
      window.location.assign("/sign-in");
    },
  });
}

interface Proof {
  password: string;
  code: string;
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Proof & { new_password: string }) => read(api.POST("/session/password", { body })),
    onSuccess: (state) => client.setQueryData(sessionKey, state),
  });
}

export function useNewRecoveryCodes() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Proof) => read(api.POST("/session/recovery-codes", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionKey }),
  });
}
