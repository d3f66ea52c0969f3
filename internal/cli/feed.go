package cli

import "context"

type feedBuildCmd struct{}
type feedUpdateCmd struct{}
type feedVerifyCmd struct{}
type feedKeyCmd struct{}

func (c *feedBuildCmd) Run(ctx context.Context, r *runner) error { return nil }
func (c *feedUpdateCmd) Run(ctx context.Context, r *runner) error { return nil }
func (c *feedVerifyCmd) Run(ctx context.Context, r *runner) error { return nil }
func (c *feedKeyCmd) Run(ctx context.Context, r *runner) error { return nil }
