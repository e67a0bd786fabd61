package api

// SignInMethods is GET /api/sign-in: how somebody can sign in. It needs no session.
type SignInMethods struct {
	// Open: everybody on this machine is let in, without a name (loopback, and no
	// users).
	Open bool `json:"open"`
	// Password: users have passwords here.
	Password bool `json:"password"`
	// Provider is the name of the OpenID Connect provider, "" where there is none;
	// sign-in with it begins at GET /auth/start.
	Provider string `json:"provider"`
}

// SignIn is the body of POST /api/sign-in; the answer is Me, or 401, or 429.
type SignIn struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// Me is GET /api/me: who is signed in; 401 where nobody is. POST /api/sign-out
// ends the session.
type Me struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	// Roles: read, review, admin.
	Roles []string `json:"roles"`
	// Open: nobody has a name here; nothing can be signed off.
	Open bool `json:"open"`
	// CSRF goes into the header X-Nafas-CSRF of every request that changes
	// something.
	CSRF string `json:"csrf"`
	// IdleSeconds: without an action for this long the session ends.
	IdleSeconds int `json:"idleSeconds"`
}
